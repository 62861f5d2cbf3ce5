/** The shadows of an isolate: how many run, and which texts were compared. */
import { murmur3 } from "../../formats/murmur3.ts";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import { Leases } from "../resilience/leases.ts";
import { RecentMap } from "../resilience/recent-map.ts";

/** Comparing must not use up what callers need: an origin's concurrency, the isolate's thread. */
const MAX_CONCURRENT = 2;
/** `waitUntil` ends 30 s after the answer. */
export const MAX_SHADOW_MS = 20_000;
/** Of the texts that were compared, 32 bits each. Two different texts are the same to it once in a million comparisons. */
const MAX_REMEMBERED = 4096;

/** The shadows of an isolate: how many run, and which texts were compared. */
export class Shadows {
  /** Each lease expires by itself, as its request may die. */
  readonly leases = new Leases(MAX_CONCURRENT, 2 * MAX_SHADOW_MS);
  readonly #compared = new RecentMap<number, true>(MAX_REMEMBERED);

  /** Whether the text was not compared before in this isolate with this model; from now on it was. Only a hash is kept. */
  isNew(text: TextOrPair, model: string): boolean {
    const compared = typeof text === "string" ? text : JSON.stringify([text.text, text.textPair]);
    const hash = murmur3(`${model} ${compared}`);
    const isKnown = this.#compared.get(hash) ?? false;
    this.#compared.set(hash, true);
    return !isKnown;
  }
}
