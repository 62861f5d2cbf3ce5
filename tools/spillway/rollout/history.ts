/** `spillway rollout history [id]`: all rollouts, or the looks of one. */
import { stripVTControlCharacters } from "node:util";
import { type Command, InvalidArgumentError } from "commander";
import type { z } from "zod";
import { counted, minute } from "../../../control-plane/report/numbers.ts";
import { foldLooks, timesOf } from "../../../control-plane/rollout/fold-looks.ts";
import { askControlPlane, type ControlPlane } from "../control-plane/ask.ts";
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
    .option("--all", "with a number: every look of the rollout in a separate row")
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
    const found = await rolloutWith(controlPlane, id, all === true);
    if (json) console.log(JSON.stringify(found, null, 2));
    else {
      const { rollout, looks, events } = found;
      console.log(`${paint("bold", titleOf(rollout))}  ${paintedState(rollout.state, paint)}\n`);
      const earlier = (looks[0]?.number ?? 1) - 1;
      if (earlier > 0) console.log(`${counted(earlier, "earlier look")}: npx spillway rollout history ${id} --all\n`);
      console.log(eventTable(events, all ? looks.map((look) => [look]) : foldedLooks(found), paint));
    }
  });
}

type One = z.infer<typeof oneSchema>;

/** @param isWhole with all looks; otherwise with the latest ones, as many as one answer has */
async function rolloutWith(controlPlane: ControlPlane, id: number, isWhole: boolean): Promise<One> {
  const answerTo = (query: string) =>
    askControlPlane(controlPlane, { method: "GET", path: `/v1/rollouts/${id}${query}` }, oneSchema);
  const latest = await answerTo("");
  const looks = [...latest.looks];
  for (let first = looks[0]; isWhole && first !== undefined && first.number > 1; first = looks[0]) {
    const before = await answerTo(`?before=${first.number}`);
    if (before.looks.length === 0) break;
    looks.unshift(...before.looks);
  }
  return { ...latest, looks };
}

/** Looks one after another that judge the same, with nothing between them. */
function foldedLooks({ looks, events }: One): (readonly SeenLook[])[] {
  const breaksMs = events.map(({ atMs }) => atMs);
  return foldLooks(looks, breaksMs).map((group) => group.looks);
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

/** What people did, and looks, in the order of time. @param groups of looks: one row each */
function eventTable(events: readonly SeenEvent[], groups: readonly (readonly SeenLook[])[], paint: Paint): string {
  const rows = [
    ...events.map(({ atMs, by, what }) => ({
      atMs,
      cells: [time(atMs), "", clean(by).replace(/ <[^>]*>$/, ""), clean(what)],
    })),
    ...groups.flatMap((looks) => {
      const [first, last] = [looks[0], looks.at(-1)];
      if (first === undefined || last === undefined) return [];
      const many = looks.length === 1 ? "" : `${counted(looks.length, "look")}, the last: `;
      const cells = [timesOf({ first, last }), clean(last.step), last.verdict, many + clean(last.reason)];
      return [{ atMs: first.atMs, cells }];
    }),
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
