/** A text as the package's tokenizer sees it, in steps between which the isolate serves others. */
import { errorType } from "../../formats/otlp/error-type.ts";
import type { Encoded, Encoding, TextOrPair, TextTokenizer } from "../../formats/tokenizer/tokenizer.ts";
import type { Tokenized } from "../sides.ts";

/** The parts of a package that tokenizing needs. */
export interface TokenizingPackage {
  modelId: string;
  tokenizer: Pick<TextTokenizer, "encode">;
  edge: { maxTokens: number };
}

/** What the tokenizer threw, by its name: a message could quote the text. */
interface Fault {
  fault: string;
}

/**
 * Awaits nothing if the text takes one step, as texts that the edge can run do. A text on which the tokenizer throws goes where texts go
 * that are too long: the origin tokenizes it as well and answers, or refuses it as any isolate without a model would have it refused. It is
 * nothing of the model's or the isolate's.
 * @param pause lets others run; null if the caller is gone
 * @param text no pair, if the tokenizer has no form for two texts
 * @returns null for a caller that is gone
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

/** Null if more steps are left. */
function next(encoding: Encoding): Encoded | Fault | null {
  try {
    return encoding.next();
  } catch (error) {
    return { fault: errorType(error) };
  }
}

function countsOf(encoded: Encoded | Fault, maxTokens: number): Omit<Tokenized, "text" | "modelId"> {
  const unrun = { tokenIds: null, typeIds: null };
  if ("fault" in encoded) return { tokens: maxTokens + 1, ...unrun, fault: encoded.fault };
  if (encoded.kind === "too-many") return { tokens: encoded.atLeast, ...unrun };
  // A model without special tokens has nothing to run for an empty text.
  if (encoded.ids.length === 0) return { tokens: maxTokens + 1, ...unrun };
  return { tokens: encoded.ids.length, tokenIds: encoded.ids, typeIds: encoded.typeIds };
}
