/** The plan: every option with intervals, the advice, and what it hangs on. Seeded: the same inputs give the same plan. */
import type { MonthLine } from "../../../control-plane/report/cost.ts";
import { PRICES_AS_OF } from "../../../formats/ledger/prices.ts";
import type { Arm } from "../../../formats/ledger/series.ts";
import { type ByOption, bestLambda, type Verdict, verdictOf } from "./advice.ts";
import {
  type Assumption,
  type AssumptionName,
  assumptionsOf,
  type Known as KnownValue,
  valuesOf,
} from "./assumptions.ts";
import { calibrated, type MeasuredReport, ratesOf, shareOf } from "./calibration.ts";
import { type ComparedRow, comparedWith } from "./compared.ts";
import type { EdgeModel } from "./edge-model.ts";
import { type Evaluated, type Evaluation, evaluate, type Option } from "./evaluate.ts";
import { type Estimates, FIGURE_NAMES, figuresOf, sampled, widened } from "./figures.ts";
import type { Counts } from "./input/calls.ts";
import type { Inputs } from "./input/read-inputs.ts";
import { knownValues } from "./known.ts";
import { type Moved, sensitivityOf, type Turn } from "./sensitivity.ts";
import { basisPoints } from "./simulate/share.ts";
import { callsOf, knownOf, workloadOf } from "./simulate/workload.ts";

export interface PlannedOption extends Estimates {
  id: string;
  name: string;
  sharePercent: number | null;
  /** Every sum of the month's bill. */
  sums: MonthLine[];
  planUsd: number;
  listUsd: number;
  gbSeconds: number;
  loads: number;
  /** Texts by the reason of their route, as parts. */
  reasons: Record<string, number>;
  arms: Record<Arm, { part: number; p95Ms: number | null }> | null;
}

export interface PlannedAssumption extends Assumption {
  /** The bill and P95 of Spillway at 100 % at the ends of the range; empty for what is known. */
  moves: { value: number; billUsd: number; p95Ms: number }[];
}

export interface Plan {
  inputs: readonly Counts[];
  /** Of the inputs: failed calls, and calls before which an instance was made, whether they waited for it or not. */
  facts: { calls: number; texts: number; failed: number; inits: number; hasTimes: boolean };
  requestsPerMonth: number;
  edge: { model: string; source: string; maxTokens: number };
  isolates: number;
  options: PlannedOption[];
  advice: { verdict: Verdict; cheapestLambda: string; fastestLambda: string; turn: Turn | null };
  assumptions: PlannedAssumption[];
  /** Empty without a report of the ledger. */
  compared: ComparedRow[];
  pricesAsOf: string;
}

export interface PlanInput {
  inputs: Inputs;
  edge: EdgeModel;
  requestsPerMonth: number | null;
  report: MeasuredReport | null;
  /** Values that the user gave. */
  given: ReadonlyMap<AssumptionName, number>;
  /** Texts that go through the gateway's code: of each share, and of each comparison. */
  texts?: { full: number; small: number };
}

/** What a plan is made of, with the distributions of times for pictures. */
export interface Planned {
  plan: Plan;
  options: readonly Option[];
}

const SHARES = [10, 50, 100] as const;
const SEED = 1;
const MOST_CALLS = 400_000;
const TEXTS = { full: 12_000, small: 1_200 };

export async function planOf(input: PlanInput): Promise<Planned> {
  const { inputs, edge, report, texts: size = TEXTS } = input;
  const known = knownOf(inputs);
  const found = knownValues(inputs, known, edge, input.requestsPerMonth);
  if (report !== null) calibrate(found, report, { input, known });
  for (const [name, value] of input.given) found.set(name, { value, source: "--assume" });
  const assumptions = assumptionsOf(found);
  const values = valuesOf(assumptions);
  const { billedCalls, mibMs, mibMsSquared } = inputs.calls.totals;
  const measuredShare = report === null ? null : shareOf(report);
  const evaluated: Evaluated = {
    known,
    billedMibMs: billedCalls === 0 ? null : meanWithError(mibMs, mibMsSquared, billedCalls),
    edge,
    rates: report === null ? null : ratesOf(report),
    shares: [...new Set([...SHARES, ...(measuredShare === null ? [] : [measuredShare])])].sort((a, b) => a - b),
    seed: SEED,
    points: basisPoints(Math.min(MOST_CALLS, callsOf(known))),
    mostCalls: MOST_CALLS,
    mostTexts: size.full,
  };
  const evaluation = await evaluate(evaluated, values);
  const { moved, turn } = await sensitivityOf(evaluated, assumptions, evaluation, size.small);
  const measured = evaluation.options.find(({ sharePercent }) => sharePercent === measuredShare);
  const byOption: ByOption = new Map(evaluation.options.map((option) => [option.id, figuresOf(option)]));
  const { calls, texts } = inputs;
  const plan: Plan = {
    inputs: inputs.counts,
    facts: {
      calls: calls.totals.calls,
      texts: texts.totals.calls,
      failed: calls.totals.failed,
      inits: calls.totals.inits,
      hasTimes: known.hasTimes,
    },
    requestsPerMonth: values["requests-per-month"],
    edge: { model: edge.name, source: edge.source, maxTokens: edge.maxTokens },
    isolates: evaluation.isolates,
    options: evaluation.options.map((option) => plannedOption(option, evaluation, moved)),
    advice: {
      verdict: verdictOf(byOption),
      cheapestLambda: bestLambda(byOption, "billUsd").id,
      fastestLambda: bestLambda(byOption, "p95Ms").id,
      turn,
    },
    assumptions: assumptions.map((one) => ({ ...one, moves: movesOf(one.name, moved) })),
    compared:
      report === null || measured === undefined ? [] : comparedWith(measured, values["requests-per-month"], report),
    pricesAsOf: PRICES_AS_OF,
  };
  return { plan, options: evaluation.options };
}

/** What the ledger measured precedes what the inputs and the package know, but not their number of requests. */
function calibrate(
  found: Map<AssumptionName, KnownValue>,
  report: MeasuredReport,
  { input, known }: { input: PlanInput; known: ReturnType<typeof knownOf> },
): void {
  const { tokens } = workloadOf(known, valuesOf(assumptionsOf(found)), { seed: SEED, most: TEXTS.full });
  const medianRunMs = known.runs.length === 0 ? null : (known.runs[Math.floor(known.runs.length / 2)] ?? null);
  for (const [name, value] of calibrated(report, { edge: input.edge, tokens, medianRunMs })) found.set(name, value);
}

function plannedOption(option: Option, { workload }: Evaluation, moved: readonly Moved[]): PlannedOption {
  const { id, name, sharePercent, bill, gbSeconds, loads, times, arms } = option;
  const estimates = sampled(option, workload.independent);
  for (const figure of FIGURE_NAMES) {
    const values = moved.flatMap(({ options }) => options.get(id)?.[figure] ?? []);
    estimates[figure] = widened(estimates[figure], values);
  }
  const texts = Object.values(option.reasons).reduce((sum, n) => sum + n, 0);
  const armOf = (one: Arm) => ({
    part: (arms?.[one].n ?? 0) / Math.max(1, times.n),
    p95Ms: arms?.[one].quantileMs(0.95) ?? null,
  });
  return {
    id,
    name,
    sharePercent,
    ...estimates,
    sums: bill.lines,
    planUsd: bill.planUsd,
    listUsd: bill.listUsd,
    gbSeconds,
    loads,
    reasons: Object.fromEntries(Object.entries(option.reasons).map(([because, n]) => [because, n / texts])),
    arms:
      arms === null ? null : { inside: armOf("inside"), outside: armOf("outside"), ineligible: armOf("ineligible") },
  };
}

function movesOf(name: AssumptionName, moved: readonly Moved[]): PlannedAssumption["moves"] {
  return moved.flatMap((one) => {
    const figures = one.name === name ? one.options.get("spillway-100") : undefined;
    return figures === undefined ? [] : [{ value: one.value, billUsd: figures.billUsd, p95Ms: figures.p95Ms }];
  });
}

function meanWithError(sum: number, squares: number, n: number): { mean: number; error: number } {
  const mean = sum / n;
  return { mean, error: Math.sqrt(Math.max(0, squares / n - mean * mean) / n) };
}
