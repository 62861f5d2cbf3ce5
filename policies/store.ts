/**
 * The policy as one isolate sees it: read from KV, kept while fresh, and never lost to a bad edit or a slow KV.
 * State carries its own timestamps; no timer outlives the request that made it.
 */
import { defaultPolicy, type ParsedPolicy, parsePolicy } from "./parse.ts";
import type { Policy } from "./schema.ts";

/** A warm isolate waits no longer than this for KV; the last good policy serves instead. */
const WARM_WAIT_MS = 50;
/** A cold isolate has only the defaults to fall back to, so its first read may take longer. */
const COLD_WAIT_MS = 1000;

export const POLICY_KEY = "policy";
/**
 * What the spillway command stored last, and checked: a new isolate that meets a document which does not parse has nothing else to
 * go by, and the defaults would know no residency.
 */
export const LAST_GOOD_KEY = "policy-last-good";

export interface PolicyKv {
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
}

/** The KV key, the key that stands in for it, or what is built in. */
export type PolicySource = "kv" | "last-good" | "defaults";

export interface PolicyInForce {
  policy: Policy;
  source: PolicySource;
  /** Why the stored document is not the one in force; null when it is. */
  problem: string | null;
}

export interface PolicyRead extends PolicyInForce {
  /** Whether KV was asked for it; such a read is paid for, whatever comes of it. */
  asked: boolean;
}

export interface PolicyStoreTools {
  nowMs: () => number;
  wait: (ms: number) => Promise<unknown>;
  /** Told what is in force from now on, each time that it is looked at anew, and what was told before. */
  changed?: (now: PolicyInForce, before: PolicyInForce) => void;
}

export class PolicyStore {
  #inForce: PolicyInForce = { policy: defaultPolicy(), source: "defaults", problem: null };
  #told = this.#inForce;
  /** When KV was asked for what is in force, or asked in vain; never, in a new isolate. */
  #readAtMs = Number.NEGATIVE_INFINITY;
  #waitMs = COLD_WAIT_MS;
  /** Reads are numbered: an answer that comes after a newer one's is old. */
  #readsBegun = 0;
  #newestAdopted = 0;
  readonly #kv: PolicyKv;
  readonly #tools: PolicyStoreTools;

  constructor(kv: PolicyKv, tools: PolicyStoreTools) {
    this.#kv = kv;
    this.#tools = tools;
  }

  /** What is in force as far as is known, without asking: the defaults in a new isolate. */
  known(): Policy {
    return this.#inForce.policy;
  }

  /** The policy for a request. Asks KV when what is known is older than 4 s; `keepAlive` lets a late answer still count. */
  async read(keepAlive: (work: Promise<unknown>) => void): Promise<PolicyRead> {
    const nowMs = this.#tools.nowMs();
    if (nowMs - this.#readAtMs < FRESH_MS) return { ...this.#inForce, asked: false };
    const waitMs = this.#waitMs;
    // Set before the answer: requests that come meanwhile use what is known instead of asking too. A new isolate knows nothing.
    if (waitMs === WARM_WAIT_MS) this.#readAtMs = nowMs;
    const refreshed = this.#refresh();
    keepAlive(refreshed);
    const silent = this.#tools.wait(waitMs).then(() => "silent" as const);
    const isSilent = (await Promise.race([refreshed, silent])) === "silent";
    if (isSilent) {
      // One late answer is KV's everyday; a second in a row is news.
      const isNews = this.#inForce.problem !== null;
      this.#inForce = this.#unchanged(`KV did not answer within ${waitMs} ms`);
      if (isNews) this.#tell();
    }
    this.#waitMs = WARM_WAIT_MS;
    return { ...this.#inForce, asked: true };
  }

  async #refresh(): Promise<void> {
    this.#readsBegun += 1;
    const read = this.#readsBegun;
    try {
      const text = await this.#get(POLICY_KEY);
      const parsed = text === null ? null : parsePolicy(text);
      const isLost = parsed?.ok === false && this.#newestAdopted === 0;
      const standIn = isLost ? await this.#lastGood(parsed.problem) : null;
      if (read < this.#newestAdopted) return;
      this.#newestAdopted = read;
      this.#enter(standIn ?? this.#weighed(parsed));
      this.#readAtMs = this.#tools.nowMs();
    } catch (error) {
      // An old read's failure is no news once a newer one has succeeded.
      if (read > this.#newestAdopted) this.#enter(this.#unchanged(`KV could not be read: ${String(error)}`));
    }
  }

  #get(key: string): Promise<string | null> {
    return this.#kv.get(key, { type: "text", cacheTtl: KV_CACHE_SECONDS });
  }

  /** For a new isolate; null where nothing good was ever stored by the command. */
  async #lastGood(problem: string): Promise<PolicyInForce | null> {
    const text = await this.#get(LAST_GOOD_KEY);
    const parsed = text === null ? null : parsePolicy(text);
    return parsed?.ok ? { policy: parsed.policy, source: "last-good", problem } : null;
  }

  #enter(now: PolicyInForce): void {
    this.#inForce = now;
    this.#tell();
  }

  #tell(): void {
    const before = this.#told;
    this.#told = this.#inForce;
    this.#tools.changed?.(this.#told, before);
  }

  /** @param parsed null where the namespace is empty */
  #weighed(parsed: ParsedPolicy | null): PolicyInForce {
    if (parsed === null) return { policy: defaultPolicy(), source: "defaults", problem: null };
    if (!parsed.ok) return this.#unchanged(parsed.problem);
    const problem = outOfOrder(parsed.policy.version, this.#inForce.policy.version);
    if (problem !== null) return this.#unchanged(problem);
    return { policy: parsed.policy, source: "kv", problem: null };
  }

  /** What is in force stays so; `problem` tells why what is stored is not. */
  #unchanged(problem: string): PolicyInForce {
    return { ...this.#inForce, problem };
  }
}

/** Pure. Which document may follow which: KV may show an older one after a newer one. */

/**
 * Why a document of this version may not replace the one in force; null when it may. One without a version, or with 0, claims
 * no order and is taken as it comes: an edit by hand in an emergency must not fail for want of a number.
 */
export function outOfOrder(version: number, inForce: number): string | null {
  if (version === 0 || version >= inForce) return null;
  return `version ${version} is older than ${inForce}, which is in force`;
}

/** How long an edit takes to be in force: the waits that lie between a write to KV and a request. */

/** An isolate keeps what it read so long. With KV's own cache this keeps an edit's way to effect under 35 s. */
export const FRESH_MS = 4000;
/** KV's smallest cacheTtl. */
export const KV_CACHE_SECONDS = 30;
/** KV may show a write elsewhere only after so long. https://developers.cloudflare.com/kv/concepts/how-kv-works/ */
export const KV_ELSEWHERE_SECONDS = 60;

/** Where the write was made, rounded up to 5 s for the request itself. */
export const IN_FORCE_HERE_SECONDS = roundedUp(KV_CACHE_SECONDS + FRESH_MS / 1000);
/** In every location. */
export const IN_FORCE_EVERYWHERE_SECONDS = roundedUp(KV_ELSEWHERE_SECONDS + KV_CACHE_SECONDS + FRESH_MS / 1000);

function roundedUp(seconds: number): number {
  return Math.ceil(seconds / 5) * 5;
}
