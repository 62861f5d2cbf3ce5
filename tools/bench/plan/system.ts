/** The whole system for the bench `plan`: started as `npm start` starts it, with a split by text, and its ledger's report. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Month } from "../../../control-plane/report/cost.ts";
import { findingsOf } from "../../../control-plane/report/findings.ts";
import { reportOf } from "../../../control-plane/report/report.ts";
import type { Interval } from "../../../control-plane/statistics/interval.ts";
import type { Arm } from "../../../formats/ledger/series.ts";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { getLedger } from "../../spillway/control-plane/get-ledger.ts";
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

/** Resolves when the ledger has so many requests of a time. @throws as `countedOnce` */
export async function reportOnce(requests: number, control: URL, fromMs: number): Promise<void> {
  await countedOnce(requests, control, fromMs);
}

export interface Counted {
  /** As `spillway report --json` prints it. */
  measured: MeasuredReport;
  month: Month | null;
  /** Of each arm's P95, at 95 % confidence. */
  intervals: Record<Arm, Interval | null>;
}

/** The report of a time of whole minutes, with what has arrived: isolates send their counts up to 15 s later. @throws Error with one sentence */
export async function reportBetween(control: URL, fromMs: number, toMs: number): Promise<Counted> {
  const answer = await getLedger({ url: control, token: null, fromMs, toMs });
  const report = reportOf({ answer, nowMs: Date.now() });
  const measured = parseReport(reportJson(report, findingsOf(report)), "the ledger's report");
  const { inside, outside, ineligible } = report.arms;
  const intervals = {
    inside: inside.intervals.p95Ms,
    outside: outside.intervals.p95Ms,
    ineligible: ineligible.intervals.p95Ms,
  };
  return { measured, month: report.cost.month, intervals };
}
