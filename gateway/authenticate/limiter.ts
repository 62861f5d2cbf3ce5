/** Cloudflare's rate-limiting binding, as it is used here: so many calls per key and minute, counted in each location for itself. */

import { RecentMap } from "../resilience/recent-map.ts";
import { type Clock } from "../call.ts";

export interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** Of every limit in wrangler.toml. How much of it is left is not told, so callers are asked to wait for all of it. */
export const PERIOD_MS = 60_000;
/** It counts in memory close by; longer than this it never takes when it is well. */
const WAIT_MS = 1000;

/** Null where the limiter gave no answer: what is not known is nobody's fault, and refuses nobody. */
export async function isWithin(limiter: Limiter, key: string, clock: Clock): Promise<boolean | null> {
  const silent = clock.wait(WAIT_MS).then(() => null);
  try {
    return (await Promise.race([limiter.limit({ key }), silent]))?.success ?? null;
  } catch {
    return null;
  }
}

/** Counts authentications that failed, by address. Who fails too often is refused for a while, before KV is asked at all. */

const ADDRESSES_MAX = 5000;

export class FailedAttempts {
  readonly #blockedUntilMs = new RecentMap<string, number>(ADDRESSES_MAX);
  readonly #limiter: Limiter;
  readonly #clock: Clock;

  constructor(limiter: Limiter, clock: Clock) {
    this.#limiter = limiter;
    this.#clock = clock;
  }

  /** How long an address is still refused; 0 where it is not. */
  blockedForMs(address: string): number {
    return Math.max(0, (this.#blockedUntilMs.get(address) ?? 0) - this.#clock.nowMs());
  }

  /** One more. Resolves to how long the address is refused from now on. */
  async recordFailure(address: string): Promise<number> {
    if (this.blockedForMs(address) === 0 && (await isWithin(this.#limiter, address, this.#clock)) === false) {
      this.#blockedUntilMs.set(address, this.#clock.nowMs() + PERIOD_MS);
    }
    return this.blockedForMs(address);
  }
}
