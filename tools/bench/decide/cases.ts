/** The operations that the bench `decide` times. Inputs change from one operation to the next, so that no result can be reused. */
import { decisionsFor } from "../../../gateway/decide/decide.ts";
import type { TextNumbers } from "../../../gateway/decide/facts.ts";
import { basisPointsOf } from "../../../gateway/decide/share.ts";
import type { Conditions, OriginConditions } from "../../../gateway/sides.ts";
import { parsePolicy } from "../../../policies/parse.ts";
import type { Policy } from "../../../policies/schema.ts";
import { seededRandom } from "../../seeded-random.ts";

export interface Case {
  name: string;
  /** The input, described for people. */
  about: string;
  /** Runs the operation once, on the input with this index. @returns a number that depends on the operation's result */
  once(index: number): number;
}

const NOW_MS = 1_000_000;
/** A power of two, larger than a cache of a few entries. */
const INPUTS = 256;
/** Texts of 1 MiB are few, to save memory. */
const LARGE_INPUTS = 4;
/** An anonymous caller's text is its sticky key. */
const SHORT_TEXT_CHARS = 600;
const LARGEST_TEXT_CHARS = 1_048_576;
const MIN_TOKENS = 3;
const TOO_MANY_TOKENS = 257;

/** The decisions that are timed: a typical and the largest policy, with short and large texts. */
export function decideCases(): Case[] {
  const keys = variants((index) => `sk-${index}-4f0c2d1e9b7a4c55`);
  const shortTexts = variants((index) => `${index} `.padEnd(SHORT_TEXT_CHARS, "words and "));
  const largeTexts = variants((index) => `${index} `.padEnd(LARGEST_TEXT_CHARS, "words and "), LARGE_INPUTS);
  const typical = policyFrom("{}");
  const worst = policyFrom(JSON.stringify(WORST_DOCUMENT));
  const one = [originOf("default")];
  const many = originNames().map(originOf);
  return [
    decideCase("decide, typical", {
      about: "default policy, one origin, API key",
      policy: typical,
      stickyKeys: keys,
      origins: one,
    }),
    decideCase("decide, anonymous", {
      about: "the same, a text of 600 characters is the key",
      policy: typical,
      stickyKeys: shortTexts,
      origins: one,
    }),
    decideCase("decide, worst", {
      about: "64 residency rules for the country, 16 origins, every rule evaluated",
      policy: worst,
      stickyKeys: keys,
      origins: many,
    }),
    decideCase("decide, 1 MiB", {
      about: "default policy, too long, the text is the key",
      policy: typical,
      stickyKeys: largeTexts,
      origins: one,
      minTokens: TOO_MANY_TOKENS,
    }),
    parseCase("parsePolicy, default", "{}", "{}"),
    parseCase("parsePolicy, full", "every key, two origins", JSON.stringify(FULL_DOCUMENT)),
    parseCase("parsePolicy, worst", "64 residency rules, 16 origins", JSON.stringify(WORST_DOCUMENT)),
    { name: "basisPointsOf, API key", about: "22 characters", once: (index) => basisPointsOf(at(keys, index)) },
    { name: "basisPointsOf, text", about: "600 characters", once: (index) => basisPointsOf(at(shortTexts, index)) },
  ];
}

interface DecideInput {
  about: string;
  policy: Policy;
  stickyKeys: readonly string[];
  origins: readonly OriginConditions[];
  minTokens?: number;
}

function decideCase(name: string, input: DecideInput): Case {
  const { about, policy, stickyKeys, origins, minTokens = MIN_TOKENS } = input;
  const random = seededRandom(1);
  const texts = stickyKeys.map(
    (stickyKey): TextNumbers => ({
      tokens: minTokens + Math.floor(random() * 250),
      bytes: stickyKey.length,
      stickyKey,
      edgeRunMs: 5 + random() * 60,
      location: { country: "ZA", isEu: false },
    }),
  );
  const edge = { model: "ready", breakerAllows: true, maxTokens: 256, packageMaxTokens: 256, p95Ms: 90 } as const;
  const conditions = texts.map((): Conditions => ({ edge: { ...edge, queueMs: random() * 300 }, origins }));
  const once = (index: number) => {
    const { side, because } = decisionsFor(at(texts, index), policy).route(at(conditions, index), NOW_MS);
    return side.length + because.length;
  };
  return { name, about, once };
}

function parseCase(name: string, about: string, document: string): Case {
  const once = () => {
    const result = parsePolicy(document);
    return result.ok ? result.policy.edge.maxTokens : Number.NaN;
  };
  return { name, about, once };
}

function originOf(name: string): OriginConditions {
  return {
    name,
    weight: 100,
    breakerAllows: true,
    allowsEarlyTrial: false,
    isFull: false,
    retryAtMs: null,
    longTextsPause: null,
    p95Ms: 120,
  };
}

/** @throws Error if the gateway would ignore the document */
function policyFrom(document: string): Policy {
  const result = parsePolicy(document);
  if (!result.ok) throw new Error(result.problem);
  return result.policy;
}

function variants(make: (index: number) => string, count = INPUTS): string[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** @throws RangeError if the list is empty */
function at<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length];
  if (one === undefined) throw new RangeError("the list is empty");
  return one;
}

const COUNTRIES = ["AT", "BR", "CA", "CH", "DE", "FR", "GB", "IN", "JP", "KR", "MX", "NO", "SE", "SG", "US", "ZA"];
const MANY_RULES = 64;
const MANY_ORIGINS = 16;

/** A policy document with every key. */
export const FULL_DOCUMENT = {
  version: 7,
  model: `mail-tagger@${"9f2c".repeat(16)}`,
  candidate: { model: `mail-tagger@${"a1b2".repeat(16)}`, share: 10 },
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

/** Many rules and origins. Every rule matches the caller's country, listed last but one, and allows every side by name: all lists are read to the end. */
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

function originNames(): string[] {
  return Array.from({ length: MANY_ORIGINS }, (_, index) => `origin-${index}`);
}
