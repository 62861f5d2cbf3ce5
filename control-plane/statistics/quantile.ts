/** Quantiles of counted durations, with intervals that assume nothing about their distribution. Pure. */
import { edgesOf, type Histogram, MAX_INDEX, MIN_INDEX } from "../../formats/ledger/histogram.ts";
import { binomialCdf, binomialUpperTail } from "./binomial.ts";
import { CONFIDENCE, type Estimate } from "./interval.ts";

/** Ranks from 1. `low` is 0 and `high` null where no rank is low or high enough. */
export interface Ranks {
  low: number;
  high: number | null;
}

/**
 * The two ranks of `n` ordered values between which the quantile lies with at least this confidence.
 * H. A. David and H. N. Nagaraja, Order Statistics, 2003, section 7.1.
 */
export function quantileRanks(n: number, q: number, confidence = CONFIDENCE): Ranks {
  const alpha = (1 - confidence) / 2;
  // Of the ranks 0 to n, the highest whose value is above the quantile with at most probability alpha.
  const low = lastWhere(0, n, (rank) => binomialCdf(rank - 1, n, q) <= alpha);
  const beforeHigh = lastWhere(0, n, (rank) => rank === 0 || binomialUpperTail(rank, n, q) > alpha);
  return { low, high: beforeHigh >= n ? null : beforeHigh + 1 };
}

/**
 * A quantile of the durations in ms; null for an empty histogram. A bound is the outer edge of its bucket, so that grouping into buckets
 * never makes the interval narrower.
 * @param q 0.95 for P95
 */
export function quantileEstimate(histogram: Histogram, q: number, confidence = CONFIDENCE): Estimate | null {
  const value = histogram.quantileMs(q);
  if (value === null) return null;
  const ranks = quantileRanks(histogram.n, q, confidence);
  return { value, low: lowerEdge(histogram, ranks.low), high: upperEdge(histogram, ranks.high) };
}

/** The fewest durations with an upper bound of this quantile: 72 for P95, 368 for P99. */
export function durationsNeeded(q: number, confidence = CONFIDENCE): number {
  return Math.ceil(Math.log((1 - confidence) / 2) / Math.log(q));
}

/**
 * The first quantile over the second; null where one histogram is empty or has no upper bound. Each interval gets half of the error, so the
 * ratio's interval holds with at least this confidence.
 */
export function quantileRatio(
  first: Histogram,
  second: Histogram,
  q: number,
  confidence = CONFIDENCE,
): Estimate | null {
  const each = (1 + confidence) / 2;
  return ratioOf(quantileEstimate(first, q, each), quantileEstimate(second, q, each));
}

/** The first value over the second, with the widest bounds that theirs allow; null where one is missing or the second has no upper bound. */
export function ratioOf(a: Estimate | null, b: Estimate | null): Estimate | null {
  if (a === null || b === null || b.high === null) return null;
  return {
    value: a.value / b.value,
    low: a.low / b.high,
    high: a.high === null || b.low === 0 ? null : a.high / b.low,
  };
}

/** The first bucket holds all shorter durations too. */
function lowerEdge(histogram: Histogram, rank: number): number {
  const edges = rank === 0 ? null : histogram.atRank(rank);
  return edges === null || edges.lowMs <= edgesOf(MIN_INDEX).lowMs ? 0 : edges.lowMs;
}

/** The last bucket holds all longer durations too. */
function upperEdge(histogram: Histogram, rank: number | null): number | null {
  const edges = rank === null ? null : histogram.atRank(rank);
  return edges === null || edges.highMs >= edgesOf(MAX_INDEX).highMs ? null : edges.highMs;
}

/** The last whole number from `from` that is before `to` or equal to it, and for which `holds` is true; it is true for `from`. */
function lastWhere(from: number, to: number, holds: (value: number) => boolean): number {
  let [low, high] = [from, to + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
