/** `spillway rollout history [id]`: all rollouts, or the looks of one. */
import { stripVTControlCharacters } from "node:util";
import { type Command, InvalidArgumentError } from "commander";
import { minute } from "../../../control-plane/report/numbers.ts";
import { askControlPlane } from "../control-plane/ask.ts";
import { addControlPlaneOptions, type ControlPlaneOptions, controlPlaneOf } from "../control-plane/url.ts";
import { type Paint, paintFor } from "../terminal/colors.ts";
import { tableText } from "../terminal/table.ts";
import { columnsOf } from "../terminal/wrap.ts";
import { listSchema, oneSchema, type SeenEvent, type SeenLook, type Status } from "./answers.ts";
import { paintedState, titleOf } from "./status-lines.ts";

interface HistoryOptions extends ControlPlaneOptions {
  json?: true;
  all?: true;
}

/** Adds `spillway rollout history`. */
export function registerHistory(rollout: Command): void {
  const history = rollout
    .command("history")
    .description("List the rollouts, or the looks of one with the numbers behind each verdict.")
    .argument("[id]", "the number of a rollout", parseId)
    .option("--all", "with a number: every look, also those that judged as the look before")
    .option("--json", "print JSON");
  addControlPlaneOptions(history).action(async (id: number | undefined, { json, all, ...options }: HistoryOptions) => {
    const controlPlane = await controlPlaneOf(options, process.env);
    const paint = paintFor(process.stdout, process.env);
    if (id === undefined) {
      const { rollouts } = await askControlPlane(controlPlane, { method: "GET", path: "/v1/rollouts" }, listSchema);
      if (json) console.log(JSON.stringify(rollouts, null, 2));
      else console.log(rollouts.length === 0 ? "No rollout was started yet." : rolloutTable(rollouts, paint));
      return;
    }
    const question = { method: "GET", path: `/v1/rollouts/${id}` } as const;
    const found = await askControlPlane(controlPlane, question, oneSchema);
    if (json) console.log(JSON.stringify(found, null, 2));
    else {
      console.log(`${paint("bold", titleOf(found.rollout))}  ${paintedState(found.rollout.state, paint)}\n`);
      console.log(eventTable(found.events, all ? found.looks : changesOf(found.looks), paint));
    }
  });
}

function parseId(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`It is "${text}"; the number of a rollout is allowed, as in 3.`);
}

function rolloutTable(rollouts: readonly Status[], paint: Paint): string {
  const rows = rollouts.map((status) => [
    `#${status.id}`,
    titleOf(status).replace(/^.*?: /, ""),
    time(status.startedMs),
    status.endedMs === null ? "" : time(status.endedMs),
    status.state,
    clean(status.reason),
  ]);
  const head = ["", "rollout", "started (UTC)", "ended (UTC)", "state", "reason"];
  return tableText({ head, rows }, columnsOf(process.stdout), (line, row) =>
    row === null ? paint("bold", line) : line,
  );
}

/** The looks that judge otherwise than the look before, in another step, or as the last one. */
function changesOf(looks: readonly SeenLook[]): SeenLook[] {
  return looks.filter(({ verdict, step }, index) => {
    const before = looks[index - 1];
    return index === looks.length - 1 || before?.verdict !== verdict || before.step !== step;
  });
}

/** What people did, and looks, in the order of time. */
function eventTable(events: readonly SeenEvent[], looks: readonly SeenLook[], paint: Paint): string {
  const rows = [
    ...events.map(({ atMs, by, what }) => ({
      atMs,
      cells: [time(atMs), "", clean(by).replace(/ <[^>]*>$/, ""), clean(what)],
    })),
    ...looks.map(({ atMs, step, verdict, reason }) => ({
      atMs,
      cells: [time(atMs), clean(step), verdict, clean(reason)],
    })),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const head = ["time (UTC)", "step", "verdict", "reason"];
  return tableText({ head, rows: rows.map(({ cells }) => cells) }, columnsOf(process.stdout), (line, row) =>
    row === null ? paint("bold", line) : line,
  );
}

function time(ms: number): string {
  return minute(new Date(ms).toISOString());
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ");
}
