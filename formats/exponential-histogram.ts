/**
 * Counts in the buckets of OTLP's exponential histogram at scale 5, of values in any unit: base 2^(1/32), so the middle of a bucket is at
 * most 1.09 % from any value in it. Merging adds integers, so it is lossless and gives the same result in any order. Pure.
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */

/** OTLP's `scale`. */
export const SCALE = 5;
const BUCKETS_PER_DOUBLING = 2 ** SCALE;

/**
 * OTLP's index of the bucket that holds a value. Its lower edge is exclusive and its upper edge inclusive.
 * @param value more than 0
 */
export function bucketIndex(value: number): number {
  return Math.ceil(Math.log2(value) * BUCKETS_PER_DOUBLING) - 1;
}

/** The lower edge of the bucket of this index: the upper edge of the bucket before it. */
export function lowerEdge(index: number): number {
  return 2 ** (index / BUCKETS_PER_DOUBLING);
}

/** Sparse: only buckets that are not empty need memory. */
export class BucketCounts {
  #counts = new Map<number, number>();
  #n = 0;

  /** The number of values. */
  get n(): number {
    return this.#n;
  }

  /** The number of buckets that are not empty. */
  get buckets(): number {
    return this.#counts.size;
  }

  add(index: number, count: number): void {
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + count);
    this.#n += count;
  }

  merge(other: BucketCounts): void {
    for (const [index, count] of other.#counts) this.add(index, count);
  }

  /** Index and count of each bucket that is not empty, in ascending order. */
  entries(): (readonly [index: number, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}
