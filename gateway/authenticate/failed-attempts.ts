/** Counts authentications that failed, by address. Who fails too often is refused for a while, before KV is asked at all. */
import { RecentMap } from "../../keys/recent-map.ts";
import type { Clock } from "../world.ts";
import { isWithin, type Limiter, PERIOD_MS } from "./limiter.ts";

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
  async note(address: string): Promise<number> {
    if (this.blockedForMs(address) === 0 && (await isWithin(this.#limiter, address, this.#clock)) === false) {
      this.#blockedUntilMs.set(address, this.#clock.nowMs() + PERIOD_MS);
    }
    return this.blockedForMs(address);
  }
}
