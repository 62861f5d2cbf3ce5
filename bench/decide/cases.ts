/** What is timed. Inputs change from one operation to the next, so that no result can be reused. */
import { bucketOf } from "../../gateway/decide/bucket.ts";
import { decide } from "../../gateway/decide/decide.ts";
import type { Conditions, OriginConditions, TextNumbers } from "../../gateway/decide/facts.ts";
import { seededRandom } from "../../models/onnx/random.ts";
import { parsePolicy } from "../../policies/parse.ts";
import type { Policy } from "../../policies/schema.ts";
import { FULL_DOCUMENT, originNames, WORST_DOCUMENT } from "./documents.ts";
import type { Case } from "./time-it.ts";

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
    { name: "bucketOf, API key", about: "22 characters", once: (index) => bucketOf(at(keys, index)) },
    { name: "bucketOf, text", about: "600 characters", once: (index) => bucketOf(at(shortTexts, index)) },
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
      place: { country: "ZA", isEu: false },
    }),
  );
  const edge = { model: "ready", breakerAllows: true, maxTokens: 256, p95Ms: 90 } as const;
  const conditions = texts.map((): Conditions => ({ edge: { ...edge, queueMs: random() * 300 }, origins }));
  const once = (index: number) => {
    const { side, because } = decide(at(texts, index), policy, at(conditions, index), NOW_MS);
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
