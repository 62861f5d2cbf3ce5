/** What a ledger measured, from `spillway report --json`: it replaces assumptions, and it is compared with what the plan predicts. Pure. */
import * as z from "zod";
import { firstIssue } from "../../../formats/first-issue.ts";
import { parseJson } from "../../../formats/json.ts";
import type { AssumptionName, Known } from "./assumptions.ts";
import type { EdgeModel } from "./edge-model.ts";
import type { MeasuredRates } from "./evaluate.ts";
import { originTimeOf } from "./origin-time.ts";
import { fp32Ms } from "./simulate/workload.ts";

const number = z.number();
const nullable = z.number().nullable();
const arm = z.looseObject({ texts: number, p50Ms: nullable, p95Ms: nullable, p99Ms: nullable });

/** The part of a report that is needed. */
const reportSchema = z.looseObject({
  texts: number.positive(),
  requests: number.positive(),
  arms: z.looseObject({ inside: arm, outside: arm, ineligible: arm }),
  split: z.looseObject({ askedPercent: nullable, achievedPercent: nullable }),
  sides: z.array(z.looseObject({ name: z.string(), figures: z.looseObject({ texts: number }) })),
  reasons: z.record(z.string(), number),
  loads: z.looseObject({ count: number, cpuMs: number, p50Ms: nullable }),
  cost: z.looseObject({
    totalUsd: number,
    lines: z.array(z.looseObject({ usage: z.string(), quantity: number, usd: number })),
  }),
});
export type MeasuredReport = z.infer<typeof reportSchema>;

/** @throws Error with one sentence for a text that is no report */
export function parseReport(text: string, path: string): MeasuredReport {
  const value = parseJson(text);
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = value === undefined ? "it is not JSON" : firstIssue(parsed.error);
  throw new Error(
    `${path} is no report of the ledger (${problem}); write it with: npx spillway report --json > report.json`,
  );
}

/** The share of the report; null where it had none. */
export function shareOf({ split: { askedPercent, achievedPercent } }: MeasuredReport): number | null {
  const share = askedPercent ?? achievedPercent;
  return share === null ? null : Math.round(share * 100) / 100;
}

const SOURCE = "the ledger";
/** A ledger's mean against the mean of another time. */
const MARGIN = 0.1;

/**
 * @param tokens of the texts that the plan simulates
 * @param hasRuns whether a log has times of Lambda: then only what the network adds is taken from the ledger
 */
export function calibrated(
  report: MeasuredReport,
  { edge, tokens, medianRunMs }: { edge: EdgeModel; tokens: Float32Array; medianRunMs: number | null },
): Map<AssumptionName, Known> {
  const known = new Map<AssumptionName, Known>();
  const set = (name: AssumptionName, value: number | null) => {
    if (value === null || !Number.isFinite(value) || value < 0) return;
    known.set(name, { value, low: value * (1 - MARGIN), high: value * (1 + MARGIN), source: SOURCE });
  };
  const quantity = (usage: string) =>
    report.cost.lines.filter((line) => line.usage === usage).reduce((sum, line) => sum + line.quantity, 0);
  const edgeTexts = report.sides.find(({ name }) => name === "edge")?.figures.texts ?? 0;
  const fitting = tokens.filter((count) => count <= edge.maxTokens);
  if (edgeTexts > 0 && fitting.length > 0)
    set("edge-time", quantity("edge-cpu-us") / edgeTexts / meanOf(fitting.map((count) => timeOf(edge, count))));
  set("gateway-cpu-ms", quantity("gateway-cpu-us") / report.requests);
  if (report.loads.count > 0) {
    set("load-cpu-ms", report.loads.cpuMs / report.loads.count);
    set("load-ms", report.loads.p50Ms);
  }
  const long = tokens.filter((count) => count > edge.maxTokens);
  originValues(report, { tokens, fitting, long, medianRunMs, set, quantity });
  return known;
}

interface OriginInput {
  /** Of all texts, of those that the edge could hold, and of the others. */
  tokens: Float32Array;
  fitting: Float32Array;
  long: Float32Array;
  medianRunMs: number | null;
  set: (name: AssumptionName, value: number | null) => void;
  quantity: (usage: string) => number;
}

/** Fewer texts have no P95. */
const MIN_LONG_TEXTS = 20;
/** Lambda bills whole milliseconds, rounded up. */
const MEAN_ROUNDING_MS = 0.5;
/** Of the texts without a choice: others have a residency rule, and any length. */
const MIN_LONG_PART = 0.9;

/** From texts that the origin answered, network included: eligible ones outside the share, and those too long for the edge. */
function originValues({ arms: { outside, ineligible }, reasons }: MeasuredReport, input: OriginInput): void {
  const { tokens, fitting, long, medianRunMs, set, quantity } = input;
  const { p50Ms, p95Ms } = outside;
  if (p50Ms === null || fitting.length === 0) return;
  if (medianRunMs !== null) {
    set("network-ms", Math.max(0, p50Ms - medianRunMs));
    return;
  }
  const isLong = (reasons["too-long"] ?? 0) >= Math.max(MIN_LONG_TEXTS, MIN_LONG_PART * ineligible.texts);
  const longTimes =
    long.length === 0 || !isLong || ineligible.p50Ms === null
      ? null
      : { p50Ms: ineligible.p50Ms, p95Ms: ineligible.p95Ms, shapes: shapesOf(long) };
  const time = originTimeOf({ p50Ms, p95Ms, shapes: shapesOf(fitting) }, longTimes);
  set("network-ms", time.networkMs);
  set("network-noise", time.networkNoise);
  set("lambda-run-ms", time.unitMs * meanShape(tokens));
  set("lambda-noise", time.runNoise);
  const requests = quantity("origin-requests");
  // The origin's texts are those of both arms: its billed memory is over their mean time.
  const [eligible, others] = [outside.texts, long.length === 0 ? 0 : ineligible.texts];
  const runMs = (time.unitMs * (eligible * meanShape(fitting) + others * meanShape(long))) / (eligible + others);
  if (requests > 0)
    set("lambda-memory-mib", ((quantity("origin-mib-ms") / requests) * 1024 * 1000) / (runMs + MEAN_ROUNDING_MS));
}

function shapesOf(tokens: Float32Array): Float32Array {
  return tokens.map((count) => fp32Ms(count)).sort();
}

function meanShape(tokens: Float32Array): number {
  return meanOf(tokens.map((count) => fp32Ms(count)));
}

/** What all requests share, as measured. */
export function ratesOf({ requests, cost: { lines } }: MeasuredReport): MeasuredRates {
  const each = (usage: string) => (lines.find((line) => line.usage === usage)?.quantity ?? 0) / requests;
  return { kvReads: each("kv-reads"), ledgerRequests: each("ledger-requests"), ledgerRows: each("ledger-rows") };
}

function timeOf({ timeMs: { base, perToken, perTokenSquared } }: EdgeModel, tokens: number): number {
  return base + perToken * tokens + perTokenSquared * tokens * tokens;
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
