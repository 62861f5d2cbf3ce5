/** Pure. A rollout as lines for a terminal: its steps, the verdict, what is missing, and the numbers behind it. */
import { stripVTControlCharacters } from "node:util";
import {
  count,
  counted,
  days,
  ms,
  percent,
  percentInterval,
  quantity,
  ratio,
  ratioInterval,
  signedPoints,
} from "../../../control-plane/report/numbers.ts";
import { waitOf } from "../../../control-plane/rollout/words.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import type { Paint } from "../terminal/colors.ts";
import { tableLines } from "../terminal/table.ts";
import { wrapped } from "../terminal/wrap.ts";
import type { Numbers, Status } from "./answers.ts";

export interface Terminal {
  paint: Paint;
  /** Null for no wrapping. */
  columns: number | null;
  nowMs: number;
}

const DAY_MS = 86_400_000;
const INDENT = "  ";

const STATE_STYLES = {
  running: "cyan",
  held: "yellow",
  paused: "yellow",
  succeeded: "green",
  failed: "red",
  interrupted: "yellow",
  aborted: "yellow",
} as const;

/** A rollout in one line: "Rollout #3: share to 100 %". */
export function titleOf({ id, kind, target }: Pick<Status, "id" | "kind" | "target">): string {
  return `Rollout #${id}: ${kind === "share" ? `share to ${target} %` : shortModelId(clean(String(target)))}`;
}

/** "running", with its colour. */
export function paintedState(state: Status["state"], paint: Paint): string {
  return paint(STATE_STYLES[state], state);
}

export function statusLines(status: Status, terminal: Terminal): string[] {
  const { paint, columns, nowMs } = terminal;
  const { state, startedMs, endedMs, policyVersion, missing, pending, numbers } = status;
  const since = endedMs === null ? `for ${length(nowMs - startedMs)}` : `after ${length(endedMs - startedMs)}`;
  const text = (line: string, style: (part: string) => string = (part) => part) =>
    wrapped(clean(line), { columns: columns === null ? null : columns - INDENT.length, indent: 2 }).map(
      (part) => INDENT + style(part),
    );
  const isOver = endedMs !== null;
  return [
    `${paint("bold", titleOf(status))}  ${paintedState(state, paint)} ${paint("dim", since)}`,
    "",
    ...stepLines(status, terminal),
    "",
    ...text(status.reason),
    ...(isOver ? [] : missing.flatMap((one) => text(`→ ${missingOf(one)}`, (part) => paint("cyan", part)))),
    ...(pending === null
      ? []
      : text(
          `! A policy version waits to be written (${pending.reason}; ${counted(pending.attempts, "attempt")})${pending.lastProblem === null ? "." : `: ${pending.lastProblem}`}`,
          (part) => paint("yellow", part),
        )),
    ...(numbers === null ? [] : ["", ...numberLines(status, numbers, terminal)]),
    "",
    ...text(`policy version ${policyVersion}`, (part) => paint("dim", part)),
  ];
}

/** "588 texts of the inside arm, in about 3 h" */
export function missingOf(missing: Status["missing"][number]): string {
  const waitMs = waitOf(missing);
  return waitMs === null ? clean(missing.what) : `${clean(missing.what)}: about ${length(waitMs)}`;
}

/** The steps in their order: done, present, to come. */
function stepLines(
  { steps, step, state, stepStartedMs, endedMs }: Status,
  { paint, columns, nowMs }: Terminal,
): string[] {
  const at = steps.indexOf(step);
  const mark = (index: number) => {
    if (index < at || state === "succeeded") return paint("green", `✓ ${clean(steps[index] ?? "")}`);
    if (index > at) return paint("dim", `○ ${clean(steps[index] ?? "")}`);
    const present = state === "failed" ? "✗" : state === "running" ? "●" : "◌";
    const since = stepStartedMs === null || endedMs !== null ? "" : ` ${length(nowMs - stepStartedMs)}`;
    return paint(STATE_STYLES[state], `${present} ${clean(steps[index] ?? "")}`) + paint("dim", since);
  };
  const line = steps.map((_, index) => mark(index)).join("   ");
  return wrapped(line, { columns: columns === null ? null : columns - INDENT.length }).map((part) => INDENT + part);
}

const ARMS = { share: ["inside", "outside"], model: ["candidate", "incumbent"] } as const;

function numberLines({ kind }: Status, numbers: Numbers, { paint, columns }: Terminal): string[] {
  const { treatment, control } = numbers;
  const [first, second] = ARMS[kind];
  const row = (name: string, { n, failures, p95Ms }: Numbers["treatment"]) => [
    name,
    count(n),
    n === 0 ? "–" : `${count(failures)} (${percent(failures / n)})`,
    ms(p95Ms),
  ];
  const hasArms = treatment.n + control.n > 0;
  const table = {
    head: ["", "texts", "failures", "P95"],
    rows: [row(first, treatment), row(second, control)],
    right: [1, 2, 3],
  };
  const { head, rows } = tableLines(table, columns === null ? null : columns - INDENT.length);
  return [
    ...(hasArms
      ? [...[...head.map((line) => paint("dim", line)), ...rows.flat()].map((line) => INDENT + line), ""]
      : []),
    ...factsOf(numbers).flatMap((fact) =>
      wrapped(fact, { columns: columns === null ? null : columns - INDENT.length, indent: 2 }).map(
        (line) => INDENT + paint("dim", line),
      ),
    ),
  ];
}

function factsOf(numbers: Numbers): string[] {
  const { failureDifference, failureDifferenceAtMost, p95Ratio, p95RatioAtLeast, p95RatioAtMost } = numbers;
  const { agreement, incumbent, coverage, askedPart, achievedPart, sampleRatioP, eValue } = numbers;
  return [
    failureDifference === null
      ? null
      : `failures ${signedPoints(failureDifference)} points${failureDifferenceAtMost === null ? "" : `, at most ${signedPoints(failureDifferenceAtMost)}`}; E-value ${quantity(eValue)}`,
    p95Ratio === null
      ? null
      : `P95 ratio ${ratio(p95Ratio)}${p95RatioAtLeast === null ? "" : ` ${ratioInterval({ low: p95RatioAtLeast, high: p95RatioAtMost })}`}`,
    agreementFact("agreement with the origin", agreement),
    incumbent === null ? null : agreementFact("agreement of the incumbent", incumbent),
    askedPart === null || achievedPart === null
      ? null
      : `split ${percent(achievedPart)} of ${percent(askedPart)} asked${sampleRatioP === null ? "" : ` (p = ${quantity(sampleRatioP)})`}`,
    coverage === null ? null : `coverage ${percent(coverage)}`,
  ].filter((fact) => fact !== null);
}

function agreementFact(name: string, { compared, disagreed, atLeast, atMost }: Numbers["agreement"]): string | null {
  if (compared === 0) return null;
  const interval = percentInterval({ low: 1 - atMost, high: 1 - atLeast });
  return `${name} ${percent(1 - disagreed / compared)} ${interval} of ${counted(compared, "comparison")}`;
}

function length(lengthMs: number): string {
  return lengthMs < 90_000 ? `${Math.max(0, Math.round(lengthMs / 1000))} s` : days(lengthMs / DAY_MS);
}

/** Names and reasons are stored texts: no control sequence of them may reach the terminal. */
function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ");
}
