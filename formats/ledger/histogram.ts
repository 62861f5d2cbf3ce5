/** Durations in ms, counted in the exponential buckets that the exported metrics have too. */
import { BucketCounts, bucketIndex, lowerEdge } from "../exponential-histogram.ts";

/** Shorter and longer durations count in the first and the last bucket. */
const SHORTEST_MS = 0.1;
const LONGEST_MS = 60_000;

/** The bucket of a duration holds what is above its lower edge and at most its upper edge. */
export const MIN_INDEX = bucketIndex(SHORTEST_MS);
export const MAX_INDEX = bucketIndex(LONGEST_MS);
/** 615 */
export const MAX_BUCKETS = MAX_INDEX - MIN_INDEX + 1;

/** A bucket's edges in ms: it holds durations from above `lowMs` to `highMs`, inclusive. */
export interface Edges {
  lowMs: number;
  highMs: number;
}

/** OTLP's bucket index of a duration in ms, within `MIN_INDEX` to `MAX_INDEX`. */
export function indexOf(ms: number): number {
  if (!(ms > SHORTEST_MS)) return MIN_INDEX;
  return Math.min(MAX_INDEX, bucketIndex(ms));
}

/** The edges of an OTLP bucket. */
export function edgesOf(index: number): Edges {
  return { lowMs: lowerEdge(index), highMs: lowerEdge(index + 1) };
}

/** The duration whose relative distance to both edges is the same: the harmonic mean. */
export function middleMs({ lowMs, highMs }: Edges): number {
  return (2 * lowMs * highMs) / (lowMs + highMs);
}

/** Indices are from `MIN_INDEX` to `MAX_INDEX`. */
export class Histogram extends BucketCounts {
  observe(ms: number): void {
    this.add(indexOf(ms), 1);
  }

  /**
   * The edges of the bucket that holds the duration of this rank; null for an empty histogram.
   * @param rank 1 for the shortest, `n` for the longest; ranks outside count as the nearest one
   */
  atRank(rank: number): Edges | null {
    let left = Math.max(1, Math.min(this.n, Math.ceil(rank)));
    for (const [index, count] of this.entries()) {
      left -= count;
      if (left <= 0) return edgesOf(index);
    }
    return null;
  }

  /**
   * The quantile by nearest rank, in ms, at most 1.09 % off; null for an empty histogram.
   * @param q 0.95 for P95
   */
  quantileMs(q: number): number | null {
    const edges = this.atRank(q * this.n);
    return edges === null ? null : middleMs(edges);
  }

  /** The part of the durations in buckets up to this duration's, 0 to 1; 0 for an empty histogram. */
  partUpTo(ms: number): number {
    if (this.n === 0) return 0;
    const last = indexOf(ms);
    let count = 0;
    for (const [index, inBucket] of this.entries()) if (index <= last) count += inBucket;
    return count / this.n;
  }
}
