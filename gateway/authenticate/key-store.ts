/** API keys as one isolate sees them: read from KV, kept while fresh, and accepted for a little longer while KV is out. */
import { type KeyRecord, kvKeyOf, parseKeyRecord } from "../../formats/api-key.ts";
import { type KvClock, KvValue } from "../../policies/kv-value.ts";
import { RecentMap } from "../resilience/recent-map.ts";
import { ListedIds, type ListKv } from "./listed-ids.ts";

/** An isolate keeps what it read for this time. */
const FRESH_MS = 20_000;
/** KV's smallest cacheTtl. */
const KV_CACHE_SECONDS = 30;
/** While KV is out, a key that was read within this time is still accepted. */
const MAX_STALE_MS = 60_000;

/** How long a revoked key may still be accepted, rounded up to 10 s for KV and the request. */
export const REVOKED_WITHIN_SECONDS = Math.ceil((KV_CACHE_SECONDS + FRESH_MS / 1000 + 1) / 10) * 10;

const TIMES = { freshMs: FRESH_MS, askAgainMs: 1000, warmWaitMs: 50, coldWaitMs: 1500 };

/** About 400 bytes each. */
const MAX_KEYS = 2000;
/** Ids without a key. A caller can invent any number of them, so they are kept apart from keys. */
const MAX_OTHER_IDS = 500;

export interface KeyKv extends ListKv {
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
}

/** `unreadable`: the stored value is not a record of a key. */
type Stored = { state: "found"; record: KeyRecord } | { state: "absent" } | { state: "unreadable" };

/** `asked`: whether KV was asked, which is billed. */
export type KeyRead = (Stored | { state: "unavailable" }) & { asked: boolean };

export class KeyStore {
  readonly #keys = new RecentMap<string, KvValue<Stored>>(MAX_KEYS);
  readonly #others = new RecentMap<string, KvValue<Stored>>(MAX_OTHER_IDS);
  readonly #listed: ListedIds;
  #problem: string | null = null;
  readonly #kv: KeyKv;
  readonly #clock: KvClock;

  constructor(kv: KeyKv, clock: KvClock) {
    this.#kv = kv;
    this.#clock = clock;
    this.#listed = new ListedIds(kv, clock);
  }

  /** Why the last read of KV failed; null when it succeeded. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Whether the key existed when it was last read, or did not and KV need not be asked again yet. */
  knows(id: string): boolean {
    const other = this.#others.get(id)?.known ?? null;
    return this.#keys.has(id) || (other !== null && this.#clock.nowMs() - other.readAtMs < FRESH_MS);
  }

  /** Whether a key with this id is stored, by a list of all ids: one for any number of guesses. Parameters and result as `ListedIds.has`. */
  lists(id: string, keepAlive: (work: Promise<unknown>) => void): ReturnType<ListedIds["has"]> {
    return this.#listed.has(id, keepAlive);
  }

  /**
   * Reads a key for one request.
   * @param keepAlive keeps the request's context alive, so that a late answer still counts
   */
  async read(id: string, keepAlive: (work: Promise<unknown>) => void): Promise<KeyRead> {
    const known = this.#keys.get(id) ?? this.#others.get(id) ?? this.#add(id);
    const { value, asked } = await known.read(keepAlive);
    return { ...(value ?? { state: "unavailable" }), asked };
  }

  #add(id: string): KvValue<Stored> {
    const added: KvValue<Stored> = new KvValue({
      times: TIMES,
      clock: this.#clock,
      load: async () => parseStored(await this.#kv.get(kvKeyOf(id), { type: "text", cacheTtl: KV_CACHE_SECONDS })),
      // An id without a key is not served while KV is out: the key may have been created since.
      mayServe: (known, nowMs) => known?.value.state === "found" && nowMs - known.readAtMs <= MAX_STALE_MS,
      loaded: (stored) => {
        this.#problem = null;
        this.#keep(id, added, stored);
      },
      failed: ({ problem }) => {
        this.#problem = problem;
      },
    });
    this.#others.set(id, added);
    return added;
  }

  #keep(id: string, value: KvValue<Stored>, stored: Stored): void {
    const [into, outOf] = stored.state === "found" ? [this.#keys, this.#others] : [this.#others, this.#keys];
    outOf.delete(id);
    into.set(id, value);
  }
}

function parseStored(text: string | null): Stored {
  if (text === null) return { state: "absent" };
  const record = parseKeyRecord(text);
  return record === null ? { state: "unreadable" } : { state: "found", record };
}
