/** A text as the package's tokenizer sees it, in steps between which the isolate serves others. */
import { TextError } from "../../formats/tokenizer/core/tokenizer-error.ts";
import type { Encoded, Encoding, TextOrPair, TextTokenizer } from "../../formats/tokenizer/tokenizer.ts";
import type { Tokenized } from "../sides.ts";

/** The parts of a package that tokenizing needs. */
export interface TokenizingPackage {
  modelId: string;
  tokenizer: Pick<TextTokenizer, "encode">;
  edge: { maxTokens: number };
}

/**
 * Awaits nothing if the text takes one step, as texts that the edge can run do.
 * @param pause lets others run; null if the caller is gone
 * @param text no pair, if the tokenizer has no form for two texts
 * @returns null for a caller that is gone
 * @throws what the tokenizer throws, other than for a text that it refuses: it is this request's error, and no breaker's
 */
export async function tokenizeText(
  text: TextOrPair,
  { modelId, tokenizer, edge }: TokenizingPackage,
  pause: () => Promise<unknown> | null,
): Promise<Tokenized | null> {
  const encoding = tokenizer.encode(text, edge.maxTokens);
  for (;;) {
    const encoded = next(encoding);
    if (encoded !== null) return { text, modelId, ...countsOf(encoded, edge.maxTokens) };
    const paused = pause();
    if (paused === null) return null;
    await paused;
  }
}

/** Null if more steps are left; "refused" for a text that is not tokenized: that is nothing of the model's or the isolate's. */
function next(encoding: Encoding): Encoded | "refused" | null {
  try {
    return encoding.next();
  } catch (error) {
    if (error instanceof TextError) return "refused";
    throw error;
  }
}

/** A text that cannot be run goes where texts go that are too long. */
function countsOf(encoded: Encoded | "refused", maxTokens: number): Pick<Tokenized, "tokens" | "tokenIds" | "typeIds"> {
  const unrun = { tokenIds: null, typeIds: null };
  if (encoded === "refused") return { tokens: maxTokens + 1, ...unrun };
  if (encoded.kind === "too-many") return { tokens: encoded.atLeast, ...unrun };
  // A model without special tokens has nothing to run for an empty text.
  if (encoded.ids.length === 0) return { tokens: maxTokens + 1, ...unrun };
  return { tokens: encoded.ids.length, tokenIds: encoded.ids, typeIds: encoded.typeIds };
}
