/** The whole system for the bench `plan`: started as `npm start` starts it, with a split by text, and its ledger's report. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findingsOf } from "../../../control-plane/report/findings.ts";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { type MeasuredReport, parseReport } from "../../spillway/plan/calibration.ts";
import { reportJson } from "../../spillway/report/command.ts";
import { countedOnce } from "../system/counted.ts";
import type { Workspace } from "../system/workspace.ts";

export interface System {
  gateway: string;
  control: URL;
}

const MAX_START_MS = 120_000;

/** @param share percent of eligible texts for the edge @throws Error with one sentence */
export async function startSystem(workspace: Workspace, share: number): Promise<System> {
  const names = ["SPILLWAY_PORT", "SPILLWAY_CONTROL_PORT", "SPILLWAY_ORIGIN_PORT", "SPILLWAY_OTLP_PORT"] as const;
  const ports = await Promise.all(names.map(() => freePort()));
  const env = {
    ...Object.fromEntries(names.map((name, index) => [name, String(ports[index])])),
    SPILLWAY_STATE_DIR: workspace.folder,
  };
  const edge = JSON.stringify({ stickyBy: "text", share });
  const command = ["tools/spillway/main.ts", "policy", "set", "edge", edge];
  await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...env } });
  const { died } = await workspace.start("system", [process.execPath, "tools/start/main.mjs"], env);
  const [gatewayPort, controlPort] = ports;
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  const url = `${gateway}/healthz`;
  await waitFor({ url, isReady: ({ ok }) => ok, died, atMostMs: MAX_START_MS, what: "gateway" });
  return { gateway, control: new URL(`http://127.0.0.1:${controlPort}`) };
}

/** The report of a time, as `spillway report --json` prints it, once it has so many requests. @throws as `countedOnce` */
export async function reportOnce(requests: number, control: URL, fromMs: number): Promise<MeasuredReport> {
  const { report } = await countedOnce(requests, control, fromMs);
  return parseReport(reportJson(report, findingsOf(report)), "the ledger's report");
}
