/** Pure but for what it has seen. A recent P95 that forgets: each second makes what was seen before count less. */

/** After so long an observation counts half. */
const HALF_LIFE_MS = 30_000;
/** Bucket edges grow by a tenth: the answer is off by that much at most. */
const GROWTH = 1.1;
const BUCKETS = 130;
/** Fewer recent calls than five say nothing about a tail; a little less, so that five are not forgotten in the same moment. */
const MIN_WEIGHT = 4.5;
const QUANTILE = 0.95;

export class RecentP95 {
  readonly #weights = new Float64Array(BUCKETS);
  #total = 0;
  #asOfMs = 0;

  /** A call that took so long; of one that was cut off, how long it had gone on: it would have taken longer. */
  observe(tookMs: number, nowMs: number): void {
    this.#forget(nowMs);
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(Math.max(1, tookMs)) / Math.log(GROWTH))));
    this.#weights[bucket] = (this.#weights[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** Ms; null while too little is known, or it is too long ago. */
  p95Ms(nowMs: number): number | null {
    this.#forget(nowMs);
    if (this.#total < MIN_WEIGHT) return null;
    let below = 0;
    for (const [bucket, weight] of this.#weights.entries()) {
      below += weight;
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
    for (const [bucket, weight] of this.#weights.entries()) {
      this.#weights[bucket] = weight * left;
      this.#total += weight * left;
    }
  }
}
