/**
 * Bench `plan`: two weeks of texts, compressed to minutes, on the whole system. `spillway plan` predicts them from their first tenth, and the
 * ledger measures the rest: P95 per arm, and cost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AssumptionName } from "../../spillway/plan/assumptions.ts";
import type { MeasuredReport } from "../../spillway/plan/calibration.ts";
import { type ComparedRow, comparedWith } from "../../spillway/plan/compared.ts";
import { edgeModelOf } from "../../spillway/plan/edge-model.ts";
import type { Option } from "../../spillway/plan/evaluate.ts";
import { UNKNOWN_CALL } from "../../spillway/plan/input/call.ts";
import { Calls } from "../../spillway/plan/input/calls.ts";
import { planOf } from "../../spillway/plan/plan.ts";
import { MS_PER_MONTH } from "../../spillway/plan/simulate/workload.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { hundredths, tenths } from "../../statistics.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { openPackage } from "../system/package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";
import { type MakeText, textsOf } from "../texts.ts";
import { reportOnce, type System, startSystem } from "./system.ts";
import { type WorkloadSpec, type WorkloadText, workloadOf } from "./workload.ts";

const TEXTS = { min: 200, max: 100_000, fallback: 6000 };
const SECONDS = { min: 60, max: 3600, fallback: 600 };
const SHARE = { min: 1, max: 99, fallback: 50 };
const SEED = { min: 0, max: 1_000_000, fallback: 1 };
const MIN_JUDGED_TEXTS = 1500;
const MAX_BENCH_MS = 75 * 60_000;
const MINUTE_MS = 60_000;
const WARM_TEXTS = 60;
const WARM_GAP_MS = 150;
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
  quick: { texts: "200", seconds: "60" },
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
  const workload = workloadOf(spec);
  const tenth = Math.ceil(workload.length / 10);
  const system = await step("starting the system", () => startSystem(workspace, share));
  // The first calls of both sides are slower. They are before the first minute that is measured.
  const warm = workload.slice(0, WARM_TEXTS).map(({ tokens }, index) => ({ tokens, atMs: index * WARM_GAP_MS }));
  await step("warming both sides", () => sendAll(warm, WARM_SEED, { system, make }));
  const first = await step(`the first tenth: ${tenth} texts`, () =>
    measure(workload.slice(0, tenth), 0, { system, make }),
  );
  const requestsPerMonth = (workload.length / (spec.seconds * 1000)) * MS_PER_MONTH;
  const input = { part: workload.slice(0, tenth), folder: opened.folder, requestsPerMonth, share };
  const predicted = await step("predicting the rest", () => predict(first.report, input));
  const rest = await step(`the rest: ${workload.length - tenth} texts`, () =>
    measure(workload.slice(tenth), tenth, { system, make }),
  );
  const rows = comparedWith(predicted, requestsPerMonth, rest.report);
  return {
    result: { ...spec, share, failed: first.failed + rest.failed, rows },
    tables: [tableOf(rows)],
    notes: [
      "Predicted: by spillway plan --calibrate, from the lengths and times of the first tenth and the ledger's report of it. Measured: the ledger's report of the rest.",
      `${spec.texts} texts in ${spec.seconds} s, split by text, one isolate, a local function. Goal: P95 of each arm within 10 %, cost within 5 %.`,
    ],
    // A tenth of a short workload has too few texts to predict a P95.
    problem: spec.texts < MIN_JUDGED_TEXTS ? null : problemOf(rows),
  };
}

interface Target {
  system: System;
  make: MakeText;
}

/** Sends each text at its time, whether or not those before it are answered. @returns how many were not answered with 200 */
async function sendAll(part: readonly WorkloadText[], seed: number, { system, make }: Target): Promise<number> {
  const startedAtMs = performance.now() - (part[0]?.atMs ?? 0);
  const answers: Promise<boolean>[] = [];
  for (const [index, { atMs, tokens }] of part.entries()) {
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

/** From a new minute on: the ledger counts by the minute. */
async function measure(part: readonly WorkloadText[], seed: number, target: Target) {
  await sleep(MINUTE_MS - (Date.now() % MINUTE_MS));
  const fromMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const failed = await sendAll(part, seed, target);
  return { failed, report: await reportOnce(part.length - failed, target.system.control, fromMs) };
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

function tableOf(rows: readonly ComparedRow[]) {
  return {
    title: "Predicted and measured",
    header: ["", "predicted", "measured", "difference %", "allowed %"],
    rows: rows.map(({ name, predicted, measured, difference, allowed }) => [
      name === "cost" ? "$ per million texts" : `P95 ${name}, ms`,
      hundredths(predicted),
      hundredths(measured),
      tenths(difference * 100),
      allowed * 100,
    ]),
  };
}

function problemOf(rows: readonly ComparedRow[]): string | null {
  const missed = rows.filter(({ difference, allowed }) => Math.abs(difference) > allowed);
  if (missed.length === 0) return null;
  const each = missed.map(({ name, difference }) => `${name} ${tenths(difference * 100)} %`);
  return `The prediction misses: ${each.join(", ")}.`;
}
