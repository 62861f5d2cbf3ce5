/**
 * Parts of a bounded amount that expire. A plain counter would leak: the `finally` of a request that the runtime cancels never runs,
 * and its part would be lost for the life of the isolate. Pure: time is an argument.
 */
export class Leases {
  readonly #most: number;
  readonly #lifeMs: number;
  readonly #held = new Map<number, { readonly amount: number; readonly expiryMs: number }>();
  #total = 0;
  #next = 0;

  constructor(most: number, lifeMs: number) {
    this.#most = most;
    this.#lifeMs = lifeMs;
  }

  /** The amount that is held: neither given back nor found expired. */
  get total(): number {
    return this.#total;
  }

  /** A lease to give back, or undefined if less than `amount` is left. */
  take(amount: number, nowMs: number): number | undefined {
    if (this.#total + amount > this.#most) this.#expire(nowMs);
    if (this.#total + amount > this.#most) return undefined;
    const lease = this.#next++;
    this.#held.set(lease, { amount, expiryMs: nowMs + this.#lifeMs });
    this.#total += amount;
    return lease;
  }

  give(lease: number): void {
    this.#total -= this.#held.get(lease)?.amount ?? 0;
    this.#held.delete(lease);
  }

  #expire(nowMs: number): void {
    for (const [lease, { expiryMs }] of this.#held) if (expiryMs <= nowMs) this.give(lease);
  }
}
