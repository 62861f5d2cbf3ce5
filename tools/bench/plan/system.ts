/** The whole system for the bench `plan`: started as `npm start` starts it, with a split by text, and its ledger's report. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findingsOf } from "../../../control-plane/report/findings.ts";
import { reportOf } from "../../../control-plane/report/report.ts";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { getLedger } from "../../spillway/control-plane/get-ledger.ts";
import { type MeasuredReport, parseReport } from "../../spillway/plan/calibration.ts";
import { reportJson } from "../../spillway/report/command.ts";
import type { Workspace } from "../system/workspace.ts";

export interface System {
  gateway: string;
  control: URL;
}

const MAX_START_MS = 120_000;
/** Isolates send their counts every 5 to 15 s. */
const MAX_FLUSH_MS = 60_000;
const POLL_MS = 2000;

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
  const { died } = await workspace.start("system", [process.execPath, "tools/start/main.ts"], env);
  const [gatewayPort, controlPort] = ports;
  const gateway = `http://127.0.0.1:${gatewayPort}`;
  const url = `${gateway}/healthz`;
  await waitFor({ url, isReady: ({ ok }) => ok, died, atMostMs: MAX_START_MS, what: "gateway" });
  return { gateway, control: new URL(`http://127.0.0.1:${controlPort}`) };
}

/**
 * The report of a time, as `spillway report --json` prints it, once it has so many requests.
 * @throws Error with one sentence if they do not arrive
 */
export async function reportOnce(requests: number, control: URL, fromMs: number): Promise<MeasuredReport> {
  const untilMs = Date.now() + MAX_FLUSH_MS;
  for (;;) {
    await sleep(POLL_MS);
    const nowMs = Date.now();
    const answer = await getLedger({ url: control, token: null, fromMs, toMs: nowMs + POLL_MS });
    const report = reportOf({ answer, nowMs });
    if (report.requests >= requests) return parseReport(reportJson(report, findingsOf(report)), "the ledger's report");
    if (nowMs > untilMs)
      throw new Error(`The ledger has ${report.requests} of ${requests} requests after ${MAX_FLUSH_MS / 1000} s.`);
  }
}
