/**
 * API keys as one isolate sees them: read from KV, kept while fresh, and served a little longer while KV is out. State carries its own
 * timestamps, and no request awaits what another one has begun: that would die with it.
 */
import { type KeyRecord, kvKeyOf, parseKeyRecord } from "../../formats/api-key.ts";
import { RecentMap } from "../resilience/recent-map.ts";

/** A request waits no longer than this for KV where what is known may still serve. */
const WARM_WAIT_MS = 50;
const COLD_WAIT_MS = 1500;
/** Where KV is silent, requests that come within this time use what is known instead of asking too. */
const ASK_AGAIN_MS = 1000;
/** Some 400 bytes each. */
const KEYS_MAX = 2000;
/** Ids that are no keys, of which anybody can make up any number. */
const OTHERS_MAX = 500;

export interface KeyKv {
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
}

/** `unreadable`: something is stored there, but no record of a key. */
export type Known = { state: "found"; record: KeyRecord } | { state: "absent" } | { state: "unreadable" };

/** `asked`: whether KV was, which is paid for. */
export type KeyRead = (Known | { state: "unavailable" }) & { asked: boolean };

export interface KeyStoreClock {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

interface Remembered {
  known: Known;
  /** When that read began: what it tells is no newer. */
  readAtMs: number;
  askedAtMs: number;
}

export class KeyStore {
  readonly #keys = new RecentMap<string, Remembered>(KEYS_MAX);
  readonly #others = new RecentMap<string, Remembered>(OTHERS_MAX);
  #problem: string | null = null;
  readonly #kv: KeyKv;
  readonly #clock: KeyStoreClock;

  constructor(kv: KeyKv, clock: KeyStoreClock) {
    this.#kv = kv;
    this.#clock = clock;
  }

  /** Why KV could not be read when it was last asked; null when it could. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether there was such a key when it was last looked for. */
  knows(id: string): boolean {
    return this.#keys.has(id);
  }

  /** What is stored under an id. `keepAlive` lets a late answer still count. */
  async read(id: string, keepAlive: (work: Promise<unknown>) => void): Promise<KeyRead> {
    const nowMs = this.#clock.nowMs();
    const before = this.#recall(id);
    if (before !== undefined && nowMs - before.readAtMs < FRESH_MS) return { ...before.known, asked: false };
    const serves = mayServe(before, nowMs);
    if (serves && nowMs - before.askedAtMs < ASK_AGAIN_MS) return { ...before.known, asked: false };
    if (before !== undefined) before.askedAtMs = nowMs;
    const refreshed = this.#refresh(id, nowMs);
    keepAlive(refreshed);
    const waitMs = serves ? WARM_WAIT_MS : COLD_WAIT_MS;
    const silent = this.#clock.wait(waitMs).then(() => "silent" as const);
    if ((await Promise.race([refreshed, silent])) === "silent") this.#problem = `KV did not answer within ${waitMs} ms`;
    const after = this.#recall(id);
    const isNew = after !== undefined && after.readAtMs >= nowMs;
    if (isNew || mayServe(after, this.#clock.nowMs())) return { ...after.known, asked: true };
    return { state: "unavailable", asked: true };
  }

  async #refresh(id: string, begunAtMs: number): Promise<void> {
    try {
      const text = await this.#kv.get(kvKeyOf(id), { type: "text", cacheTtl: KV_CACHE_SECONDS });
      this.#problem = null;
      // An answer that comes after a later read's is old.
      if (begunAtMs >= (this.#recall(id)?.readAtMs ?? 0)) this.#remember(id, knownFrom(text), begunAtMs);
    } catch (error) {
      this.#problem = `KV could not be read: ${String(error)}`;
    }
  }

  #recall(id: string): Remembered | undefined {
    return this.#keys.get(id) ?? this.#others.get(id);
  }

  #remember(id: string, known: Known, readAtMs: number): void {
    const [into, outOf] = known.state === "found" ? [this.#keys, this.#others] : [this.#others, this.#keys];
    outOf.delete(id);
    into.set(id, { known, readAtMs, askedAtMs: readAtMs });
  }
}

/** While KV is out. What is no key is looked for again: it may have become one. */
function mayServe(remembered: Remembered | undefined, nowMs: number): remembered is Remembered {
  return remembered?.known.state === "found" && nowMs - remembered.readAtMs <= STALE_MAX_MS;
}

function knownFrom(text: string | null): Known {
  if (text === null) return { state: "absent" };
  const record = parseKeyRecord(text);
  return record === null ? { state: "unreadable" } : { state: "found", record };
}

/** How long a revoked key goes on working: the waits that lie between a write to KV and a request. */

/** An isolate keeps what it read so long. */
export const FRESH_MS = 20_000;
/** KV's smallest cacheTtl. */
export const KV_CACHE_SECONDS = 30;
/** While KV cannot be read, what was read so long ago still serves. */
export const STALE_MAX_MS = 60_000;

/** Rounded up to 10 s, for KV's own way and the request itself. */
export const REVOKED_WITHIN_SECONDS = Math.ceil((KV_CACHE_SECONDS + FRESH_MS / 1000 + 1) / 10) * 10;
