/** Quantiles of counted durations, with intervals that assume nothing about their distribution. Pure. */
import { type Edges, edgesOf, type Histogram, MAX_INDEX, MIN_INDEX, middleMs } from "../../formats/ledger/histogram.ts";
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
  const { n } = histogram;
  if (n === 0) return null;
  // Sorted once for all three ranks.
  const buckets = histogram.entries();
  const ranks = quantileRanks(n, q, confidence);
  const value = middleMs(edgesAt(buckets, Math.ceil(q * n)));
  return { value, low: lowerEdge(buckets, ranks.low), high: upperEdge(buckets, ranks.high) };
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

type Buckets = ReturnType<Histogram["entries"]>;

/** The edges of the bucket that holds the duration of this rank, from 1. */
function edgesAt(buckets: Buckets, rank: number): Edges {
  let left = rank;
  for (const [index, count] of buckets) {
    left -= count;
    if (left <= 0) return edgesOf(index);
  }
  return edgesOf(buckets.at(-1)?.[0] ?? MAX_INDEX);
}

/** The first bucket holds all shorter durations too. */
function lowerEdge(buckets: Buckets, rank: number): number {
  if (rank === 0) return 0;
  const { lowMs } = edgesAt(buckets, rank);
  return lowMs <= edgesOf(MIN_INDEX).lowMs ? 0 : lowMs;
}

/** The last bucket holds all longer durations too. */
function upperEdge(buckets: Buckets, rank: number | null): number | null {
  if (rank === null) return null;
  const { highMs } = edgesAt(buckets, rank);
  return highMs >= edgesOf(MAX_INDEX).highMs ? null : highMs;
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
