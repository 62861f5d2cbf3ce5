/** A P95 of recent observations: older ones count less and less. Time is an argument. */

/** The age at which an observation counts half. */
const HALF_LIFE_MS = 30_000;
/** Ratio of neighbouring bucket edges: the largest error of the result. */
const GROWTH = 1.1;
const BUCKETS = 130;
/** Fewer than five recent calls say nothing about a tail; slightly less, so that five do not fall below it at once. */
const MIN_WEIGHT = 4.5;
const QUANTILE = 0.95;

export class RecentP95 {
  readonly #weights = new Float64Array(BUCKETS);
  #total = 0;
  #asOfMs = 0;

  /** Adds the duration of a call. For a call that was cut off, the time until then is a lower bound. */
  observe(tookMs: number, nowMs: number): void {
    this.#forget(nowMs);
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(Math.max(1, tookMs)) / Math.log(GROWTH))));
    this.#weights[bucket] = (this.#weights[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** Milliseconds; null while there are too few recent observations. */
  p95Ms(nowMs: number): number | null {
    this.#forget(nowMs);
    if (this.#total < MIN_WEIGHT) return null;
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      below += this.#weights[bucket] ?? 0;
      if (below >= QUANTILE * this.#total) return Math.round(GROWTH ** bucket);
    }
    return Math.round(GROWTH ** (BUCKETS - 1));
  }

  #forget(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#asOfMs);
    this.#asOfMs = Math.max(this.#asOfMs, nowMs);
    if (elapsedMs === 0) return;
    const left = 0.5 ** (elapsedMs / HALF_LIFE_MS);
    this.#total = 0;
    // Once for each text and decision: an iterator would make 130 pairs.
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const weight = (this.#weights[bucket] ?? 0) * left;
      this.#weights[bucket] = weight;
      this.#total += weight;
    }
  }
}
