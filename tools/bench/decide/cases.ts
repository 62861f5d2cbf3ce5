/** Nanoseconds per operation: rounds of many after a warm-up, the median of the rounds. */

import { decisionsFor } from "../../../gateway/decide/decide.ts";
import type { TextNumbers } from "../../../gateway/decide/facts.ts";
import { basisPointsOf } from "../../../gateway/decide/share.ts";
import type { Conditions, OriginConditions } from "../../../gateway/sides.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import type { Policy } from "../../../policies/schema.ts";
import { seededRandom } from "../../seeded-random.ts";
import { percentile, tenths } from "../statistics.ts";

export interface Case {
  name: string;
  /** What it is about, for people. */
  about: string;
  /** Does it once, on the input that the index chooses, and gives a number that cannot be known without having done it. */
  once(index: number): number;
}

export interface Timing {
  name: string;
  about: string;
  /** Of the rounds' means. */
  nsPerOp: { p50: number; min: number; max: number };
  opsPerSecond: number;
  opsPerRound: number;
}

export interface Rounds {
  rounds: number;
  roundMs: number;
}

const NS_PER_MS = 1e6;

export function timeIt({ name, about, once }: Case, { rounds, roundMs }: Rounds): Timing {
  const opsPerRound = warmUp(once, roundMs);
  const perOp = Array.from({ length: rounds }, () => (roundOf(once, opsPerRound) * NS_PER_MS) / opsPerRound);
  const p50 = percentile(perOp, 50);
  const nsPerOp = { p50: tenths(p50), min: tenths(percentile(perOp, 0)), max: tenths(percentile(perOp, 100)) };
  return { name, about, nsPerOp, opsPerSecond: Math.round(1e9 / p50), opsPerRound };
}

/** Runs until V8 has had time to optimize it; gives how many fit a round. */
function warmUp(once: Case["once"], roundMs: number): number {
  let ops = 1;
  for (;;) {
    const tookMs = roundOf(once, ops);
    if (tookMs >= roundMs) return Math.max(1, Math.round((ops * roundMs) / tookMs));
    ops *= 2;
  }
}

/** In ms. */
function roundOf(once: Case["once"], ops: number): number {
  let sum = 0;
  const startedAtMs = performance.now();
  for (let index = 0; index < ops; index++) sum += once(index);
  const tookMs = performance.now() - startedAtMs;
  // The sum is used, so the work that it comes from cannot be left out.
  if (!Number.isFinite(sum)) throw new Error("an operation gave no number");
  return tookMs;
}

/** Policy documents to parse and to decide by: none, a full one, and one with many rules and origins. */

const COUNTRIES = ["AT", "BR", "CA", "CH", "DE", "FR", "GB", "IN", "JP", "KR", "MX", "NO", "SE", "SG", "US", "ZA"];
const MANY_RULES = 64;
const MANY_ORIGINS = 16;

export const FULL_DOCUMENT = {
  version: 7,
  model: `mail-tagger@${"9f2c".repeat(16)}`,
  minVersion: 1,
  override: null,
  edge: { share: 12.34, maxTokens: 256, maxQueueMs: 400, stickyBy: "header:x-tenant" },
  latencyBudgetMs: 800,
  origin: { timeoutMs: 8000 },
  origins: {
    "us-east-1": { url: "https://us.example.com/", region: "us-east-1", weight: 75 },
    "eu-central-1": { url: "https://eu.example.com/", region: "eu-central-1", weight: 25 },
  },
  breaker: {
    edge: { consecutive: 3, openMs: 30_000 },
    origin: { windowMs: 10_000, failureRate: 50, minCalls: 10, consecutive: 5, openMs: 30_000, slowMs: 5000 },
  },
  retryBudget: { percent: 20, minPerSecond: 3 },
  hedge: { enabled: true, afterMs: 250 },
  shadow: { share: 1 },
  residency: { rules: [{ countries: ["EU"], allow: ["edge", "origin:eu-central-1"] }], unknown: ["edge"] },
  minTls: "1.3",
  limits: { bodyBytes: 1_048_576, inputs: 64, originTokens: 16_384 },
  sampling: { ratio: 0.1, keep: ["error", "fallback", "refused", "slow"], slowMs: 1000 },
};

/** Every rule is for the caller's country, named last but one, and allows every side by name: all lists are read to their ends. */
export const WORST_DOCUMENT = {
  ...FULL_DOCUMENT,
  edge: { ...FULL_DOCUMENT.edge, share: 100 },
  origins: Object.fromEntries(originNames().map((name) => [name, FULL_DOCUMENT.origins["us-east-1"]])),
  residency: {
    rules: Array.from({ length: MANY_RULES }, () => ({
      countries: [...COUNTRIES, "EU"],
      allow: [...originNames().map((name) => `origin:${name}`), "edge"],
    })),
    unknown: "refuse",
  },
};

export function originNames(): string[] {
  return Array.from({ length: MANY_ORIGINS }, (_, index) => `origin-${index}`);
}

/** What is timed. Inputs change from one operation to the next, so that no result can be reused. */

const NOW_MS = 1_000_000;
/** A power of two, larger than what a cache of a few entries could hold. */
const INPUTS = 256;
/** An anonymous caller's text is its own sticky key. */
const SHORT_TEXT_CHARS = 600;
const LARGEST_TEXT_CHARS = 1_048_576;
const TOO_MANY_TOKENS = 257;

export function decideCases(): Case[] {
  const keys = variants((index) => `sk-${index}-4f0c2d1e9b7a4c55`);
  const shortTexts = variants((index) => `${index} `.padEnd(SHORT_TEXT_CHARS, "words and "));
  const largeTexts = variants((index) => `${index} `.padEnd(LARGEST_TEXT_CHARS, "words and "), 4);
  const typical = parsed("{}");
  const worst = parsed(JSON.stringify(WORST_DOCUMENT));
  const one = [originOf("default")];
  const many = originNames().map(originOf);
  return [
    deciding("decide, typical", "default policy, one origin, API key", typical, keys, one),
    deciding("decide, anonymous", "the same, a text of 600 characters is the key", typical, shortTexts, one),
    deciding("decide, worst", "64 residency rules for the country, 16 origins, all rules asked", worst, keys, many),
    deciding(
      "decide, 1 MiB",
      "default policy, too long, the text is the key",
      typical,
      largeTexts,
      one,
      TOO_MANY_TOKENS,
    ),
    parsing("parsePolicy, default", "{}", "{}"),
    parsing("parsePolicy, full", "every key, two origins", JSON.stringify(FULL_DOCUMENT)),
    parsing("parsePolicy, worst", "64 residency rules, 16 origins", JSON.stringify(WORST_DOCUMENT)),
    { name: "bucketOf, API key", about: "22 characters", once: (index) => basisPointsOf(at(keys, index)) },
    { name: "bucketOf, text", about: "600 characters", once: (index) => basisPointsOf(at(shortTexts, index)) },
  ];
}

function deciding(
  name: string,
  about: string,
  policy: Policy,
  stickyKeys: readonly string[],
  origins: readonly OriginConditions[],
  fewestTokens = 3,
): Case {
  const random = seededRandom(1);
  const texts = stickyKeys.map(
    (stickyKey): TextNumbers => ({
      tokens: fewestTokens + Math.floor(random() * 250),
      stickyKey,
      edgeRunMs: 5 + random() * 60,
      location: { country: "ZA", isEu: false },
    }),
  );
  const edge = { model: "ready", breakerAllows: true, maxTokens: 256, p95Ms: 90 } as const;
  const conditions = texts.map((): Conditions => ({ edge: { ...edge, queueMs: random() * 300 }, origins }));
  const once = (index: number) => {
    const { side, because } = decisionsFor(at(texts, index), policy).route(at(conditions, index), NOW_MS);
    return side.length + because.length;
  };
  return { name, about, once };
}

function parsing(name: string, about: string, document: string): Case {
  const once = () => {
    const result = parsePolicy(document);
    return result.ok ? result.policy.edge.maxTokens : Number.NaN;
  };
  return { name, about, once };
}

function originOf(name: string): OriginConditions {
  return { name, weight: 100, breakerAllows: true, retryAtMs: null, p95Ms: 120 };
}

/** @throws Error for a document that the gateway would not take */
function parsed(document: string): Policy {
  const result = parsePolicy(document);
  if (!result.ok) throw new Error(result.problem);
  return result.policy;
}

function variants(make: (index: number) => string, count = INPUTS): string[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** @throws RangeError for an empty list */
function at<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length];
  if (one === undefined) throw new RangeError("nothing to choose from");
  return one;
}
