/**
 * A bounded number of leases that expire by themselves. A plain counter would leak: when the runtime cancels a request, its
 * `finally` never runs, and each such loss would take a place for ever. Pure: time is an argument.
 */
export class Leases {
  readonly #most: number;
  readonly #lifeMs: number;
  readonly #expiryMs = new Map<number, number>();
  #next = 0;

  constructor(most: number, lifeMs: number) {
    this.#most = most;
    this.#lifeMs = lifeMs;
  }

  get size(): number {
    return this.#expiryMs.size;
  }

  /** A lease to give back, or undefined when all are taken. */
  take(nowMs: number): number | undefined {
    if (this.#expiryMs.size >= this.#most) this.#expire(nowMs);
    if (this.#expiryMs.size >= this.#most) return undefined;
    const lease = this.#next++;
    this.#expiryMs.set(lease, nowMs + this.#lifeMs);
    return lease;
  }

  give(lease: number): void {
    this.#expiryMs.delete(lease);
  }

  #expire(nowMs: number): void {
    for (const [lease, expiryMs] of this.#expiryMs) if (expiryMs <= nowMs) this.#expiryMs.delete(lease);
  }
}
