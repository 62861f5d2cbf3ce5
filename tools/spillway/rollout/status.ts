/** `spillway rollout status`: the rollout that runs, or the last one. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { askControlPlane, type ControlPlane } from "../control-plane/ask.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { paintFor } from "../terminal/colors.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { listSchema, type Status } from "./answers.ts";
import { statusLines } from "./status-lines.ts";

interface StatusOptions extends ControlPlaneOptions {
  json?: true;
  watch?: true;
}

const WATCH_EVERY_MS = 2000;
const NONE = "No rollout was started yet. Start one with: npx spillway rollout start share --to 100 --shadow-first";

/** Adds `spillway rollout status`. */
export function registerStatus(rollout: Command): void {
  const status = rollout
    .command("status")
    .description("Show the rollout that runs, or the last one: its step, its verdict, and what is missing.")
    .option("--watch", "print it again whenever it changes, until it ends; the exit code is 1 unless it succeeds")
    .option("--json", "print JSON");
  addControlPlaneOptions(status).action(async ({ json, watch, ...options }: StatusOptions) => {
    const controlPlane = await controlPlaneOf(options, process.env);
    let status = await newest(controlPlane);
    print(status, json === true);
    if (!watch) return;
    while (status !== null && (status.endedMs === null || status.pending !== null)) {
      await sleep(WATCH_EVERY_MS);
      const next = await newest(controlPlane);
      if (changeOf(next) !== changeOf(status)) print(next, json === true);
      status = next;
    }
    if (status?.state !== "succeeded") process.exitCode = 1;
  });
}

/** Null before the first rollout. */
async function newest(controlPlane: ControlPlane): Promise<Status | null> {
  const { current, rollouts } = await askControlPlane(
    controlPlane,
    { method: "GET", path: "/v1/rollouts" },
    listSchema,
  );
  return current ?? rollouts[0] ?? null;
}

/** The same text for two answers that need not be printed twice: numbers grow all the time. */
function changeOf(status: Status | null): string {
  return status === null ? "" : [status.id, status.state, status.step, status.verdict].join(" ");
}

function print(status: Status | null, json: boolean): void {
  if (json) console.log(JSON.stringify(status, null, 2));
  else if (status === null) console.log(NONE);
  else {
    const [paint, columns] = [paintFor(process.stdout, process.env), columnsOf(process.stdout)];
    for (const line of statusLines(status, { paint, columns, nowMs: Date.now() })) console.log(line);
  }
}
