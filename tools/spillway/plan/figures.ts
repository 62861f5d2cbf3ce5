/** An option's figures with intervals: of the sample, and of what is assumed. Pure. */
import type { Estimate } from "../../../control-plane/statistics/interval.ts";
import { wilsonInterval } from "../../../control-plane/statistics/proportion.ts";
import { quantileRanks } from "../../../control-plane/statistics/quantile.ts";
import type { Histogram } from "../../../formats/ledger/histogram.ts";
import type { Option } from "./evaluate.ts";

export const FIGURE_NAMES = ["p50Ms", "p95Ms", "p99Ms", "billUsd", "cpuMs", "waitedPart", "coldPart"] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];
export type Figures = Record<FigureName, number>;
export type Estimates = Record<FigureName, Estimate>;

const QUANTILES = { p50Ms: 0.5, p95Ms: 0.95, p99Ms: 0.99 } as const;
/** Two-sided, 95 %. */
const Z = 1.96;
/** A figure that an assumption moves to 0 counts as moved by this factor. */
const SMALLEST_RATIO = 0.01;

/** Without intervals. */
export function figuresOf({ times, bill, cpuMs, waitedPart, coldPart }: Option): Figures {
  const at = (q: number) => times.quantileMs(q) ?? 0;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), billUsd: bill.billUsd, cpuMs, waitedPart, coldPart };
}

/**
 * Intervals because the calls are a sample: order statistics for times, the mean's standard error for the bill, Wilson's for parts.
 * @param independent calls of the inputs: a simulation of more calls than that knows no more
 */
export function sampled(option: Option, independent: number): Estimates {
  const values = figuresOf(option);
  const n = Math.min(independent, option.times.n);
  const part = (value: number) => wilsonInterval({ count: value * n, n });
  const spread = Z * option.sampleErrorUsd;
  return {
    p50Ms: quantile(option.times, "p50Ms", n),
    p95Ms: quantile(option.times, "p95Ms", n),
    p99Ms: quantile(option.times, "p99Ms", n),
    billUsd: { value: values.billUsd, low: Math.max(0, values.billUsd - spread), high: values.billUsd + spread },
    cpuMs: { value: values.cpuMs, low: values.cpuMs, high: values.cpuMs },
    waitedPart: part(values.waitedPart),
    coldPart: option.sharePercent === null ? { value: 0, low: 0, high: 0 } : part(values.coldPart),
  };
}

function quantile(times: Histogram, name: keyof typeof QUANTILES, n: number): Estimate {
  const q = QUANTILES[name];
  const ranks = quantileRanks(n, q);
  const at = (rank: number) => times.atRank((rank / n) * times.n);
  return {
    value: times.quantileMs(q) ?? 0,
    low: ranks.low === 0 ? 0 : (at(ranks.low)?.lowMs ?? 0),
    high: ranks.high === null ? null : (at(ranks.high)?.highMs ?? null),
  };
}

/**
 * The interval of the sample, widened by what each assumption moves the figure at the ends of its range. Deviations to one side are added as
 * the root of the sum of their squares, because assumptions are independent: as logarithms of ratios, because ranges are factors.
 */
export function widened({ value, low, high }: Estimate, moved: readonly number[]): Estimate {
  if (value <= 0) return { value, low: 0, high: high === null ? null : Math.max(high, ...moved) };
  const logs = moved.map((one) => Math.log(Math.max(one, value * SMALLEST_RATIO) / value));
  const down = Math.hypot(Math.log(value / Math.max(low, Number.MIN_VALUE)), ...logs.map((log) => Math.min(0, log)));
  const up = (bound: number) => Math.hypot(Math.log(bound / value), ...logs.map((log) => Math.max(0, log)));
  return { value, low: value * Math.exp(-down), high: high === null ? null : value * Math.exp(up(high)) };
}

/** A figure of a full simulation, moved as it moves in a small one. Times by their ratio, the other figures by their difference. */
export function movedFigures(full: Figures, small: Figures, changed: Figures): Figures {
  const ratio = (name: "p50Ms" | "p95Ms" | "p99Ms") =>
    small[name] > 0 ? full[name] * (changed[name] / small[name]) : full[name];
  const difference = (name: FigureName) => Math.max(0, full[name] + changed[name] - small[name]);
  return {
    p50Ms: ratio("p50Ms"),
    p95Ms: ratio("p95Ms"),
    p99Ms: ratio("p99Ms"),
    billUsd: difference("billUsd"),
    cpuMs: difference("cpuMs"),
    waitedPart: Math.min(1, difference("waitedPart")),
    coldPart: Math.min(1, difference("coldPart")),
  };
}
