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

/** Of a blocked address, one guess with an id that is not listed is checked in this time: its key may be newer than the list. */
export const GUESS_EVERY_MS = 15_000;
/** Of a guess that was wrong: another one could be checked at once. */
const MIN_BLOCKED_MS = 1000;

/** What is guessed. Each kind is counted and blocked separately. */
export type Guessed = "key" | "operator-token";

/** The period of an address with too many failures. */
interface Block {
  untilMs: number;
  nextGuessMs: number;
}

/** Counts failed guesses per address. An address with too many is refused for a minute. */
export class FailedAttempts {
  readonly #blocks = new RecentMap<string, Block>(MAX_ADDRESSES);
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #guessed: Guessed;

  constructor(guessed: Guessed, limiter: Limiter, clock: Clock) {
    this.#guessed = guessed;
    this.#limiter = limiter;
    this.#clock = clock;
  }

  /** Whether an address has had too many failures within the last minute. */
  isBlocked(address: string): boolean {
    return (this.#blocks.get(address)?.untilMs ?? 0) > this.#clock.nowMs();
  }

  /** Asks for one guess. @returns 0 when it may be checked; otherwise the time until the next one may, in ms */
  waitForGuessMs(address: string): number {
    const nowMs = this.#clock.nowMs();
    const block = this.#blocks.get(address);
    if (block === undefined || block.untilMs <= nowMs) return 0;
    if (block.nextGuessMs > nowMs) return Math.min(block.nextGuessMs, block.untilMs) - nowMs;
    block.nextGuessMs = nowMs + GUESS_EVERY_MS;
    return 0;
  }

  /** Counts a wrong guess. @returns how long the address's guesses are refused from now on in ms; 0 when they are not */
  async recordFailure(address: string): Promise<number> {
    if (
      !this.isBlocked(address) &&
      (await isWithin(this.#limiter, `${this.#guessed} ${address}`, this.#clock)) === false
    ) {
      const nowMs = this.#clock.nowMs();
      this.#blocks.set(address, { untilMs: nowMs + PERIOD_MS, nextGuessMs: nowMs + GUESS_EVERY_MS });
    }
    const block = this.#blocks.get(address);
    if (block === undefined || !this.isBlocked(address)) return 0;
    return Math.max(MIN_BLOCKED_MS, Math.min(block.nextGuessMs, block.untilMs) - this.#clock.nowMs());
  }
}
