/** The rows, the table, the notes and the verdict of the bench `hostile-texts`, from what was measured. Pure. */
import { percentile, tenths } from "../../statistics.ts";
import type { Report } from "../bench.ts";
import { MAX_STEP_MS, MAX_TOKENIZING_MIB } from "./tokenizing.ts";

/** A short text may wait for a hostile one this much longer than twice its time on an idle gateway. */
const MAX_ADDED_MS = 50;
/** A refusal as too large takes less. */
const MAX_TOO_LARGE_MS = 1000;
/** Of fewer, the 95th percentile is the largest. */
const MIN_SAMPLES = 20;

const NOTES = [
  "Gateway in workerd and local Lambda origin, both with the package, on one machine; times are the caller's clock. Each text is sent several times, behind texts of each kind that are not counted.",
  "The origin gets the processors that nothing else uses: deployed, it is another machine. longestProcessorWaitMs: the longest time that workerd's thread could run and had no processor, within 10 ms or the time of a reading. A wait of a request has it in it.",
  "shortAloneMs and shortMeanwhileMs: the 95th percentile, of fewer than 20 the slowest, of a short text that the edge answers: on an idle gateway, before and after all rows, and meanwhile. shortMeanwhileMaxMs: the slowest; shortSamples: how many meanwhile. Another one is sent 5 ms after each answer.",
  "answerMs: the slowest answer. longestHoldMs: the slowest answer of /healthz meanwhile, less its median on an idle gateway. A request needs the thread about ten times, so that no hold was longer.",
  "tokenizingMiB and tokenizingStepMs: all that the tokenizer of both sides allocates for a text, garbage included, and its longest step, by itself in Node: the larger for the edge's and the origin's most tokens.",
  "heapGrowthMiB: the largest V8 heap with its buffers meanwhile, less that before, as the inspector reports it: body, texts and garbage are in it, those of the short texts too.",
];

/** What waited in one run: times in ms by the caller's clock. */
export interface Others {
  shortMs: readonly number[];
  healthMs: readonly number[];
}

/** One time that a hostile text was sent. */
export interface Run {
  /** `edge`, `origin`, `mixed`; null for a refusal. */
  side: string | null;
  status: number;
  answerMs: number;
  heapGrowthMiB: number;
  /** Null where the system does not report it. */
  longestProcessorWaitMs: number | null;
  others: Others;
}

export interface Measured {
  text: string;
  bytes: number;
  runs: readonly Run[];
  tokenizingMiB: number;
  tokenizingStepMs: number;
}

/** Field names are stable. */
interface Row {
  text: string;
  bytes: number;
  side: string | null;
  status: number;
  answerMs: number;
  longestHoldMs: number;
  heapGrowthMiB: number;
  shortAloneMs: number;
  shortMeanwhileMs: number;
  shortMeanwhileMaxMs: number;
  shortSamples: number;
  longestProcessorWaitMs: number | null;
  tokenizingMiB: number;
  tokenizingStepMs: number;
}

/** All runs of a text as one row: their waits together, and of the rest the worst. @param idle without a hostile text */
export function rowOf({ text, bytes, runs, tokenizingMiB, tokenizingStepMs }: Measured, idle: Others): Row {
  const worst = runs.toSorted((a, b) => b.status - a.status)[0];
  if (worst === undefined) throw new RangeError(`"${text}" has no run`);
  const [shortMs, healthMs] = [
    runs.flatMap(({ others }) => others.shortMs),
    runs.flatMap(({ others }) => others.healthMs),
  ];
  const waits = runs.flatMap(({ longestProcessorWaitMs: ms }) => (ms === null ? [] : [ms]));
  return {
    text,
    bytes,
    side: worst.side,
    status: worst.status,
    answerMs: tenths(Math.max(...runs.map(({ answerMs }) => answerMs))),
    longestHoldMs: tenths(Math.max(0, percentile(healthMs, 100) - percentile(idle.healthMs, 50))),
    heapGrowthMiB: tenths(Math.max(0, ...runs.map(({ heapGrowthMiB }) => heapGrowthMiB))),
    shortAloneMs: slowMs(idle.shortMs),
    shortMeanwhileMs: slowMs(shortMs),
    shortMeanwhileMaxMs: tenths(percentile(shortMs, 100)),
    shortSamples: shortMs.length,
    longestProcessorWaitMs: waits.length === 0 ? null : tenths(Math.max(...waits)),
    tokenizingMiB: tenths(tokenizingMiB),
    tokenizingStepMs: tenths(tokenizingStepMs),
  };
}

function slowMs(ms: readonly number[]): number {
  return tenths(percentile(ms, ms.length < MIN_SAMPLES ? 100 : 95));
}

/** The JSON, the table, the notes, and the promises that rows break. */
export function reportOf(model: string, rows: readonly Row[]): Report {
  const problems = rows.flatMap(problemsOf);
  return {
    result: { model, maxAddedMs: MAX_ADDED_MS, rows },
    tables: [tableOf(rows)],
    notes: NOTES,
    problem: problems.length === 0 ? null : `${problems.join("; ")}.`,
  };
}

function problemsOf(row: Row): string[] {
  const { text, status, answerMs, shortAloneMs, shortMeanwhileMs, tokenizingMiB, tokenizingStepMs } = row;
  const problems: string[] = [];
  if (shortMeanwhileMs > 2 * shortAloneMs + MAX_ADDED_MS)
    problems.push(`a short text waited ${shortMeanwhileMs} ms for "${text}"`);
  if (tokenizingMiB > MAX_TOKENIZING_MIB) problems.push(`tokenizing "${text}" allocated ${tokenizingMiB} MiB`);
  if (tokenizingStepMs > MAX_STEP_MS) problems.push(`a step of tokenizing "${text}" took ${tokenizingStepMs} ms`);
  if (status === 413 && answerMs >= MAX_TOO_LARGE_MS) problems.push(`"${text}" was refused after ${answerMs} ms`);
  if (status >= 500) problems.push(`"${text}" was answered with ${status}`);
  return problems;
}

function tableOf(rows: readonly Row[]): Report["tables"][number] {
  const header = [
    "text",
    "bytes",
    "side",
    "status",
    "answer ms",
    "longest hold",
    "heap MiB",
    "short, idle",
    "short meanwhile",
    "slowest",
    "samples",
    "no processor",
    "tokenizing MiB",
    "longest step",
  ];
  const cells = rows.map((row) => [
    row.text,
    row.bytes,
    row.side ?? "refused",
    row.status,
    row.answerMs,
    row.longestHoldMs,
    row.heapGrowthMiB,
    row.shortAloneMs,
    row.shortMeanwhileMs,
    row.shortMeanwhileMaxMs,
    row.shortSamples,
    row.longestProcessorWaitMs ?? "unknown",
    row.tokenizingMiB,
    row.tokenizingStepMs,
  ]);
  return { title: "One hostile text, and a short one meanwhile", header, rows: cells };
}
