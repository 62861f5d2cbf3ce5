/** The policy as one isolate sees it: read from KV, kept while fresh, never lost to an invalid edit or a slow KV. */
import { sha256Hex } from "../formats/sha256.ts";
import { KvValue } from "./kv-value.ts";
import { defaultPolicy, MAX_POLICY_BYTES, type ParsedPolicy, parsePolicy } from "./parse.ts";
import type { Policy } from "./schema.ts";

/** An isolate keeps a policy for this time. With KV's own cache an edit takes effect within 35 s. */
export const FRESH_MS = 4000;
/** KV's smallest cacheTtl. */
export const KV_CACHE_SECONDS = 30;
/** A write may reach other locations after this time. https://developers.cloudflare.com/kv/concepts/how-kv-works/ */
export const KV_PROPAGATION_SECONDS = 60;

/** An isolate with a policy waits this long for KV; the last valid policy serves instead. */
const WARM_WAIT_MS = 50;
/** A new isolate has only the defaults to serve instead, so its first read may take longer. */
const COLD_WAIT_MS = 1000;

/** How long an edit takes to be in force in the location of the write, rounded up to 5 s. */
export const IN_FORCE_HERE_SECONDS = roundedUp(KV_CACHE_SECONDS + FRESH_MS / 1000);
/** How long an edit takes to be in force in every location, rounded up to 5 s. */
export const IN_FORCE_EVERYWHERE_SECONDS = roundedUp(KV_PROPAGATION_SECONDS + KV_CACHE_SECONDS + FRESH_MS / 1000);

function roundedUp(seconds: number): number {
  return Math.ceil(seconds / 5) * 5;
}

export const POLICY_KEY = "policy";
/**
 * The last policy that the spillway command validated and saved. While the stored document does not parse, an isolate uses it if it is
 * newer than its own: every isolate then has the newest valid policy, with its residency rules.
 */
export const LAST_GOOD_KEY = "policy-last-good";

export interface PolicyKv {
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
}

/** The KV key `policy`, the KV key `policy-last-good`, or the built-in defaults. */
export type PolicySource = "kv" | "last-good" | "defaults";

export interface PolicyInForce {
  policy: Policy;
  source: PolicySource;
  /** Why the stored document is not in force; null when it is. */
  problem: string | null;
}

export interface PolicyRead extends PolicyInForce {
  /** Whether KV was asked. Each such read is billed. */
  asked: boolean;
}

export interface PolicyStoreTools {
  nowMs: () => number;
  wait: (ms: number) => Promise<unknown>;
  /** Receives the policy in force after each read of KV, and the one that was reported before. */
  changed?: (now: PolicyInForce, before: PolicyInForce) => void;
}

/** What KV holds: null when the key does not exist. */
interface StoredPolicy {
  parsed: ParsedPolicy | null;
  /** The last valid policy of the spillway command, if it is newer than the one in force; null where the document is valid. */
  lastGood: PolicyInForce | null;
}

/** A document and what it parses to. */
interface Parsed {
  sha256: string;
  result: ParsedPolicy;
}

export class PolicyStore {
  #inForce: PolicyInForce = { policy: defaultPolicy(), source: "defaults", problem: null };
  #reported = this.#inForce;
  /** Set once the first read has ended: from then on requests do not wait for KV longer than `WARM_WAIT_MS`. */
  #isWarm = false;
  readonly #kv: PolicyKv;
  readonly #tools: PolicyStoreTools;
  readonly #value: KvValue<StoredPolicy>;
  /** Each isolate reads the same document every 4 s. */
  #parsed: Record<typeof POLICY_KEY | typeof LAST_GOOD_KEY, Parsed | null> = { policy: null, "policy-last-good": null };

  constructor(kv: PolicyKv, tools: PolicyStoreTools) {
    this.#kv = kv;
    this.#tools = tools;
    this.#value = new KvValue({
      times: { freshMs: FRESH_MS, askAgainMs: FRESH_MS, warmWaitMs: WARM_WAIT_MS, coldWaitMs: COLD_WAIT_MS },
      clock: tools,
      load: () => this.#load(),
      mayServe: () => this.#isWarm,
      loaded: ({ parsed, lastGood }) => this.#enter(lastGood ?? this.#accept(parsed)),
      failed: ({ kind, problem }) => (kind === "error" ? this.#enter(this.#unchanged(problem)) : this.#silent(problem)),
    });
  }

  /** The policy in force, without asking KV: the defaults in a new isolate. */
  known(): Policy {
    return this.#inForce.policy;
  }

  /**
   * Reads the policy for one request. Asks KV when the known policy is older than 4 s.
   * @param keepAlive keeps the request's context alive, so that a late answer still counts
   */
  async read(keepAlive: (work: Promise<unknown>) => void): Promise<PolicyRead> {
    const { asked } = await this.#value.read(keepAlive);
    this.#isWarm = true;
    return { ...this.#inForce, asked };
  }

  async #load(): Promise<StoredPolicy> {
    const parsed = await this.#read(POLICY_KEY);
    return { parsed, lastGood: parsed?.ok === false ? await this.#newerLastGood(parsed.problem) : null };
  }

  /** @returns null when the key does not exist */
  async #read(key: typeof POLICY_KEY | typeof LAST_GOOD_KEY): Promise<ParsedPolicy | null> {
    const text = await this.#kv.get(key, { type: "text", cacheTtl: KV_CACHE_SECONDS });
    if (text === null) return null;
    // Refused by its length, which costs less than a digest.
    if (text.length > MAX_POLICY_BYTES) return parsePolicy(text);
    const digest = sha256Hex(text);
    const known = this.#parsed[key];
    if (known?.sha256 === digest) return known.result;
    const result = parsePolicy(text);
    this.#parsed[key] = { sha256: digest, result };
    return result;
  }

  /** Null when the spillway command has never saved a valid policy, or none that is newer than the one in force. */
  async #newerLastGood(problem: string): Promise<PolicyInForce | null> {
    const parsed = await this.#read(LAST_GOOD_KEY);
    const { policy, source } = this.#inForce;
    if (!parsed?.ok || (source !== "defaults" && parsed.policy.version <= policy.version)) return null;
    return { policy: parsed.policy, source: "last-good", problem };
  }

  /** @param parsed null when the namespace is empty */
  #accept(parsed: ParsedPolicy | null): PolicyInForce {
    if (parsed === null) return { policy: defaultPolicy(), source: "defaults", problem: null };
    if (!parsed.ok) return this.#unchanged(parsed.problem);
    const problem = outOfOrder(parsed.policy.version, this.#inForce.policy.version);
    if (problem !== null) return this.#unchanged(problem);
    return { policy: parsed.policy, source: "kv", problem: null };
  }

  /** The policy in force stays; `problem` is why the stored document does not replace it. */
  #unchanged(problem: string): PolicyInForce {
    return { ...this.#inForce, problem };
  }

  #enter(now: PolicyInForce): void {
    this.#inForce = now;
    this.#report();
  }

  /** One late answer is normal for KV. A second one in a row is reported. */
  #silent(problem: string): void {
    const isSecond = this.#inForce.problem !== null;
    this.#inForce = this.#unchanged(problem);
    if (isSecond) this.#report();
  }

  #report(): void {
    const before = this.#reported;
    this.#reported = this.#inForce;
    this.#tools.changed?.(this.#reported, before);
  }
}

/**
 * Decides whether a document may replace the policy in force: KV may return an older document after a newer one. A document without a
 * version, or with version 0, claims no order and is always accepted, so that an emergency edit by hand needs no number.
 * @returns why the document may not replace the policy in force; null when it may
 */
export function outOfOrder(version: number, inForce: number): string | null {
  if (version === 0 || version >= inForce) return null;
  return `version ${version} is older than ${inForce}, which is in force`;
}
