/**
 * Bench `plan`: two weeks of texts, compressed to minutes, on the whole system. `spillway plan` predicts them from their first tenth, and the
 * ledger measures the rest: P95 per arm, and cost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Arm } from "../../../formats/ledger/series.ts";
import type { AssumptionName } from "../../spillway/plan/assumptions.ts";
import type { MeasuredReport } from "../../spillway/plan/calibration.ts";
import { comparedWith } from "../../spillway/plan/compared.ts";
import { edgeModelOf } from "../../spillway/plan/edge-model.ts";
import type { Option } from "../../spillway/plan/evaluate.ts";
import { UNKNOWN_CALL } from "../../spillway/plan/input/call.ts";
import { Calls } from "../../spillway/plan/input/calls.ts";
import { planOf } from "../../spillway/plan/plan.ts";
import { MS_PER_MONTH } from "../../spillway/plan/simulate/workload.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { openPackage } from "../system/package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type MakeText, textsOf } from "../texts.ts";
import { type ArmChange, costPartsOf, type MeasuredCost, planRows, planTables, problemOf } from "./report.ts";
import { type Counted, reportBetween, type System, startSystem } from "./system.ts";
import { type WorkloadSpec, type WorkloadText, workloadOf } from "./workload.ts";

const TEXTS = { min: 200, max: 100_000, fallback: 6000 };
const SECONDS = { min: 40, max: 3600, fallback: 600 };
const SHARE = { min: 1, max: 99, fallback: 50 };
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const MIN_JUDGED_TEXTS = 1500;
const MAX_BENCH_MS = 75 * 60_000;
const MINUTE_MS = 60_000;
/** The first calls of both sides are slower. Then their counts must have arrived. */
const LEAST_WARM_MS = 35_000;
/** Behind a minute, for clocks that differ. */
const ASK_AFTER_MS = 2000;
/** An isolate sends its counts every 5 to 15 s. */
const MAX_FLUSH_MS = 20_000;
/** Of words that the workload does not have. */
const WARM_SEED = 1_000_000;
/** One isolate that does not end, and a function beside it. */
const LOCAL: readonly (readonly [AssumptionName, number])[] = [
  ["locations", 1],
  ["isolates-per-location", 1],
  ["edge-idle-min", 1e6],
  ["edge-life-h", 1e6],
  ["lambda-idle-min", 1e6],
];

export const planBench: Bench = {
  name: "plan",
  summary: "what spillway plan predicts from the first tenth of a workload, and what the ledger measures of the rest",
  options: {
    texts: numberOption("texts of the workload", TEXTS),
    seconds: numberOption("its length", SECONDS),
    share: numberOption("percent of eligible texts for the edge", SHARE),
    seed: numberOption("another seed makes other texts", SEED),
  },
  quick: { texts: "200", seconds: "40" },
  async run(values: OptionValues) {
    const spec = {
      texts: wholeNumber(values, "texts", TEXTS),
      seconds: wholeNumber(values, "seconds", SECONDS),
      seed: wholeNumber(values, "seed", SEED),
    };
    const share = wholeNumber(values, "share", SHARE);
    return withWorkspace(MAX_BENCH_MS, (workspace) => run(workspace, spec, share));
  },
};

async function run(workspace: Workspace, spec: WorkloadSpec, share: number): Promise<Report> {
  const opened = await openPackage({});
  const { make } = await textsOf(opened);
  const system = await step("starting the system", () => startSystem(workspace, share));
  const isJudged = spec.texts >= MIN_JUDGED_TEXTS;
  // At the workload's rate, so that each minute begins with counts of the one before. What is not judged begins at once.
  if (isJudged) {
    const untilMs = minuteFrom(Date.now() + LEAST_WARM_MS);
    const warm = asLongAs(untilMs - Date.now(), spec);
    await step("warming both sides", () => sendAll(warm, WARM_SEED, { system, make }));
    await sleep(Math.max(0, untilMs - Date.now()));
  }
  const time = timesFrom(Date.now(), spec);
  const workload = asLongAs(time.lengthMs, spec);
  const part = workload.filter(({ atMs }) => atMs < time.splitMs - time.startMs);
  const sending = step(`${workload.length} texts in ${Math.round(time.lengthMs / 1000)} s`, () =>
    sendAll(workload, 0, { system, make }),
  );
  await sleep(time.splitMs + ASK_AFTER_MS - Date.now());
  const first = await reportBetween(system.control, time.startMs, time.splitMs);
  const requestsPerMonth = MS_PER_MONTH / meanGapMs(spec);
  const input = { part, folder: opened.folder, requestsPerMonth, share };
  const predicted = await step(`predicting the rest from the first ${part.length}`, () =>
    predict(first.measured, input),
  );
  const failed = await sending;
  await step("the last counts", () => sleep(MAX_FLUSH_MS));
  const rest = await reportBetween(system.control, time.splitMs, isJudged ? time.endMs : Date.now());
  const besides = ({ measured }: Counted) => comparedWith(predicted, requestsPerMonth, measured);
  const rows = planRows(besides(rest), besides(first), changesOf(first, rest));
  const costParts = costPartsOf(predicted.bill, requestsPerMonth, { first: costOf(first), rest: costOf(rest) });
  return {
    result: { ...spec, share, failed, rows, costParts, first: armsOf(first), rest: armsOf(rest) },
    tables: planTables(rows, costParts),
    notes: [
      "Predicted: by spillway plan --calibrate, from the lengths and times of the first tenth and the ledger's report of it, while the rest is sent. Measured: the ledger's report of the rest.",
      `${spec.texts} texts in ${spec.seconds} s, split by text, one isolate, a local function. Goal: P95 of each arm within 10 %, cost within 5 %. Fewer than ${MIN_JUDGED_TEXTS} texts are not judged.`,
    ],
    // A tenth of a short workload has too few texts to predict a P95.
    problem: isJudged ? problemOf(rows) : null,
  };
}

interface Times {
  startMs: number;
  /** The end of the first part: a minute's, as the ledger counts by the minute. */
  splitMs: number;
  endMs: number;
  lengthMs: number;
}

/** The first part is a tenth, and a little longer where it does not end with a minute. The rest is nine tenths. */
function timesFrom(startMs: number, { seconds }: WorkloadSpec): Times {
  const tenthMs = seconds * 100;
  const splitMs = minuteFrom(startMs + tenthMs - ASK_AFTER_MS);
  const endMs = splitMs + 9 * tenthMs;
  return { startMs, splitMs, endMs, lengthMs: endMs - startMs };
}

/** The first minute that begins then or later. */
function minuteFrom(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
}

/** Two weeks at the workload's rate, in another time. */
function asLongAs(lengthMs: number, spec: WorkloadSpec): WorkloadText[] {
  return workloadOf({ ...spec, texts: Math.round(lengthMs / meanGapMs(spec)), seconds: lengthMs / 1000 });
}

function meanGapMs({ texts, seconds }: WorkloadSpec): number {
  return (seconds * 1000) / texts;
}

function changesOf(first: Counted, rest: Counted): Record<Arm, ArmChange> {
  const of = (arm: Arm): ArmChange => {
    const [before, after] = [first.measured.arms[arm].p50Ms, rest.measured.arms[arm].p50Ms];
    return {
      firstInterval: first.intervals[arm],
      p50Change: before === null || after === null ? null : after / before - 1,
    };
  };
  return { inside: of("inside"), outside: of("outside"), ineligible: of("ineligible") };
}

function costOf({ month, measured: { cost, texts } }: Counted): MeasuredCost {
  return { month, usdPerMillion: (cost.totalUsd / texts) * 1e6 };
}

/** To predict again from what was measured. */
function armsOf({ measured: { texts, arms } }: Counted) {
  const armOf = ({ texts: n, p50Ms, p95Ms }: (typeof arms)["inside"]) => ({ texts: n, p50Ms, p95Ms });
  return {
    texts,
    inside: armOf(arms.inside),
    outside: armOf(arms.outside),
    ineligible: armOf(arms.ineligible),
  };
}

interface Target {
  system: System;
  make: MakeText;
}

/** Sends each text at its time, whether or not those before it are answered. @returns how many were not answered with 200 */
async function sendAll(workload: readonly WorkloadText[], seed: number, { system, make }: Target): Promise<number> {
  const startedAtMs = performance.now();
  const answers: Promise<boolean>[] = [];
  for (const [index, { atMs, tokens }] of workload.entries()) {
    await sleep(Math.max(0, atMs - (performance.now() - startedAtMs)));
    answers.push(isAnswered(system.gateway, make(tokens, seed + index)));
  }
  return (await Promise.all(answers)).filter((isGood) => !isGood).length;
}

async function isAnswered(gateway: string, inputs: string): Promise<boolean> {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ inputs }) };
  const response = await fetch(`${gateway}/v1/classify`, request).catch(() => null);
  await response?.arrayBuffer().catch(() => null);
  return response?.status === 200;
}

interface First {
  part: readonly WorkloadText[];
  folder: string;
  requestsPerMonth: number;
  share: number;
}

async function predict(report: MeasuredReport, { part, folder, requestsPerMonth, share }: First): Promise<Option> {
  const texts = new Calls();
  for (const { atMs, tokens } of part) texts.add({ ...UNKNOWN_CALL, atMs, tokens });
  const { options } = await planOf({
    inputs: { calls: new Calls(), texts, counts: [] },
    edge: await edgeModelOf(folder),
    requestsPerMonth,
    // The local gateway does not know its policy's share in the ledger.
    report: { ...report, split: { ...report.split, askedPercent: share } },
    given: new Map(LOCAL),
  });
  const predicted = options.find(({ sharePercent }) => sharePercent === share);
  if (predicted === undefined) throw new Error(`The plan has no share of ${share} %.`);
  return predicted;
}
