/** The result of the bench `replay`, and the goals that it misses. Pure. */
import type { Month } from "../../../control-plane/report/cost.ts";
import type { ArmFigures } from "../../../control-plane/report/report.ts";
import type { Arm } from "../../../formats/ledger/series.ts";
import type { Bill } from "../../spillway/plan/bill.ts";
import { hundredths, percentile, tenths } from "../../statistics.ts";
import type { Accuracy } from "./accuracy.ts";
import { DAY_SHAPE, type DaySpec, MS_PER_HOUR } from "./day.ts";
import { agreementOf, cellsOf, edgeColdOf, lambdaMonthAt, monthAt } from "./facts.ts";
import type { ReplayedDay } from "./phase.ts";
import type { Simulated } from "./simulated.ts";

/** The published experience: 1.2 s → 180 ms, less than 0.4 points. */
export const GOALS = { p95EdgeOverLambda: 0.15, waitedForEdgeColdStart: 0, accuracyLossPoints: 0.4 } as const;
export const TEXTS_PER_MONTH = 2_500_000;
export const ARMS: readonly Arm[] = ["inside", "outside", "ineligible"];

export interface Settings extends DaySpec {
  /** What is replayed of the day. */
  fromHour: number;
  hours: number;
  /** An idle instance of Lambda ends after this. */
  instanceLifeMin: number;
  /** Added to each cold start of Lambda. */
  addedStartUpMs: number;
  isolateLifeH: number;
}

export interface Measured {
  model: string;
  settings: Settings;
  /** 10 % of eligible texts at the edge, then all. */
  ten: ReplayedDay;
  all: ReplayedDay;
  accuracy: Accuracy;
  simulated: readonly Simulated[];
}

/** The object that is printed with --json; field names are stable. */
export function replayResult({ model, settings, ten, all, accuracy, simulated }: Measured) {
  const days = [ten, all].map((day) => dayResult(day, settings));
  const edgeP95Ms = all.counted.report.arms.inside.p95Ms;
  const lambdaP95Ms = ten.counted.report.arms.outside.p95Ms;
  const p95EdgeOverLambda = edgeP95Ms === null || lambdaP95Ms === null ? null : edgeP95Ms / lambdaP95Ms;
  const counts = ten.counted.report.arms;
  const lambdaBill = lambdaMonthAt(
    cellsOf(ten.counted.answer),
    { inside: counts.inside.texts, outside: counts.outside.texts, ineligible: counts.ineligible.texts },
    TEXTS_PER_MONTH,
  );
  return {
    model,
    ...settings,
    shape: DAY_SHAPE,
    goals: GOALS,
    p95EdgeOverLambda: p95EdgeOverLambda === null ? null : hundredths(p95EdgeOverLambda),
    p95EdgeMs: rounded(edgeP95Ms),
    p95LambdaMs: rounded(lambdaP95Ms),
    waitedForEdgeColdStart: days.reduce((sum, { edgeCold }) => sum + edgeCold.waited, 0),
    accuracyLossPoints: hundredths(accuracy.lossPoints),
    days,
    billPerMonth: {
      texts: TEXTS_PER_MONTH,
      lambdaOnly: billRow(lambdaBill),
      at10: billRow(monthOf(ten)),
      at100: billRow(monthOf(all)),
    },
    agreement: agreementOf(ten.answers, all.answers),
    accuracy,
    simulated,
  };
}

export type ReplayResult = ReturnType<typeof replayResult>;

function monthOf({ counted: { answer, report } }: ReplayedDay): Month | null {
  return monthAt(cellsOf(answer), report.texts, TEXTS_PER_MONTH);
}

function billRow(bill: Month | Bill | null) {
  if (bill === null) return null;
  const lines = bill.lines.map(({ name, unit, quantity, usd }) => {
    return { name, unit, quantity: Math.round(quantity), usd: hundredths(usd) };
  });
  return { listUsd: hundredths(bill.listUsd), billUsd: hundredths(bill.billUsd), lines };
}

function dayResult(
  { sharePercent, answers, lambda, tookMs, counted: { report } }: ReplayedDay,
  { hours }: Pick<Settings, "hours">,
) {
  const times = answers.flatMap(({ call }) => call?.callerMs ?? []);
  const arms = Object.fromEntries(ARMS.map((arm) => [arm, armResult(report.arms[arm])]));
  return {
    sharePercent,
    texts: answers.length,
    failed: answers.filter(({ call }) => call?.status !== 200).length,
    tookSeconds: Math.round(tookMs / 1000),
    /** Because idle time is skipped. */
    timesFaster: Math.round((hours * MS_PER_HOUR) / tookMs),
    coverage: report.coverage,
    arms: arms as Record<Arm, ReturnType<typeof armResult>>,
    callerMs: {
      p50: tenths(percentile(times, 50)),
      p95: tenths(percentile(times, 95)),
      p99: tenths(percentile(times, 99)),
    },
    reasons: report.reasons,
    edgeCold: edgeColdOf(answers),
    loads: { count: report.loads.count, p50Ms: rounded(report.loads.p50Ms), cpuMs: rounded(report.loads.cpuMs) },
    lambda: {
      calls: lambda.calls,
      coldStarts: lambda.coldStarts,
      coldPercent: lambda.calls === 0 ? 0 : tenths((100 * lambda.coldStarts) / lambda.calls),
      throttled: lambda.throttled,
      startUpP50Ms: startUp(lambda.startUpMs, 50),
      startUpP95Ms: startUp(lambda.startUpMs, 95),
    },
  };
}

function armResult({ texts, failures, p50Ms, p95Ms, p99Ms, intervals }: ArmFigures) {
  return { texts, failures, p50Ms: rounded(p50Ms), p95Ms: rounded(p95Ms), p99Ms: rounded(p99Ms), p95: intervals.p95Ms };
}

/** Null without cold starts. */
export function startUp(startUpMs: readonly number[], percent: number): number | null {
  return startUpMs.length === 0 ? null : Math.round(percentile(startUpMs, percent));
}

function rounded(value: number | null): number | null {
  return value === null ? null : tenths(value);
}

/** The goals that are missed, in one sentence; null if none is. */
export function problemOf(result: ReplayResult): string | null {
  const missed = [
    ...over("P95 at the edge over Lambda's", result.p95EdgeOverLambda, GOALS.p95EdgeOverLambda),
    ...over(
      "requests that may have waited for a cold edge",
      result.waitedForEdgeColdStart,
      GOALS.waitedForEdgeColdStart,
    ),
    ...over("accuracy loss in points", result.accuracyLossPoints, GOALS.accuracyLossPoints),
    ...result.days.flatMap(({ sharePercent, failed }) => over(`failed texts at ${sharePercent} %`, failed, 0)),
  ];
  return missed.length === 0 ? null : `The replay misses: ${missed.join("; ")}.`;
}

function over(what: string, value: number | null, atMost: number): string[] {
  return value !== null && value <= atMost ? [] : [`${what}: ${value ?? "unknown"}, at most ${atMost}`];
}
