/** Rate limits with Cloudflare's rate-limiting binding: calls per key and minute, counted separately in each location. */
import { DEFAULT_RATE, type Rate } from "../../formats/api-key.ts";
import type { Clock } from "../call.ts";
import { ok, type Result, refuse } from "../refusal.ts";
import { RecentMap } from "../resilience/recent-map.ts";
import type { KeyHolder } from "./caller.ts";
import { tooManyRequests } from "./key-refusals.ts";

export interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** The period of every limit in wrangler.toml. The binding does not report the rest of it, so callers wait for all of it. */
export const PERIOD_MS = 60_000;
/** The binding counts in memory nearby and normally answers much faster. */
const MAX_WAIT_MS = 1000;
const MAX_ADDRESSES = 5000;

export interface RateLimits {
  /** Access without a key: refused, without a limit, or with the limit of a rate. */
  anonymous: "refused" | "unlimited" | Rate;
  limiters: Readonly<Record<Rate, Limiter>>;
}

/** `rateUnknown`: the limiter did not answer, and the request is accepted. */
export type Counted = Result<null> & { rateUnknown: boolean };

/** Counts a request against its key, or against its address when it has no key. */
export async function countRequest(
  holder: KeyHolder | null,
  address: string,
  { anonymous, limiters }: RateLimits,
  clock: Clock,
): Promise<Counted> {
  const rate = holder === null ? anonymous : (holder.rate ?? DEFAULT_RATE);
  if (rate === "unlimited" || rate === "refused") return { ...ok(null), rateUnknown: false };
  const within = await isWithin(limiters[rate], countedAs(holder?.id ?? null, address), clock);
  if (within !== false) return { ...ok(null), rateUnknown: within === null };
  return {
    ...refuse(tooManyRequests(holder === null ? "address-rate" : "key-rate", PERIOD_MS)),
    rateUnknown: false,
  };
}

/** @returns what a request is counted against, in memory: the key's id, or the address of a caller without a key */
export function countedAs(keyId: string | null, address: string): string {
  return keyId === null ? `address:${address}` : `key:${keyId}`;
}

/** Null when the limiter did not answer: an outage of the limiter refuses no request. */
async function isWithin(limiter: Limiter, key: string, clock: Clock): Promise<boolean | null> {
  const silent = clock.wait(MAX_WAIT_MS).then(() => null);
  try {
    return (await Promise.race([limiter.limit({ key }), silent]))?.success ?? null;
  } catch {
    return null;
  }
}

/** Counts failed authentication attempts per address. An address with too many is refused for a minute, before KV is asked. */
export class FailedAttempts {
  readonly #blockedUntilMs = new RecentMap<string, number>(MAX_ADDRESSES);
  readonly #limiter: Limiter;
  readonly #clock: Clock;

  constructor(limiter: Limiter, clock: Clock) {
    this.#limiter = limiter;
    this.#clock = clock;
  }

  /** @returns how long an address is still refused in ms; 0 when it is not */
  blockedForMs(address: string): number {
    return Math.max(0, (this.#blockedUntilMs.get(address) ?? 0) - this.#clock.nowMs());
  }

  /** Counts one more failure. @returns how long the address is refused from now on in ms; 0 when it is not */
  async recordFailure(address: string): Promise<number> {
    if (this.blockedForMs(address) === 0 && (await isWithin(this.#limiter, address, this.#clock)) === false) {
      this.#blockedUntilMs.set(address, this.#clock.nowMs() + PERIOD_MS);
    }
    return this.blockedForMs(address);
  }
}
