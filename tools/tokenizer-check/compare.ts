/** Compares a tokenizer of ours with Hugging Face's own on the same texts. */
import { Tokenizer } from "tokenizers";
import { isObject, parseJson } from "../../formats/json.ts";
import { loadTokenizer, runSteps } from "../../formats/tokenizer/load-tokenizer.ts";
import type { TextPair, TextTokenizer } from "../../formats/tokenizer/tokenizer.ts";
import { effectiveNormalizer } from "../../formats/tokenizer/tokenizer-config.ts";

export interface TokenizerFiles {
  /** The text of `tokenizer.json`, and of `tokenizer_config.json`. */
  json: string;
  config: string;
}

export interface Difference {
  input: string | TextPair;
  ours: readonly number[];
  reference: readonly number[];
}

/** Hugging Face's tokenizer as Python uses it: with tokenizer_config.json's options, without truncation and padding. @throws Error if it refuses */
export function referenceTokenizer({ json, config }: TokenizerFiles): Tokenizer {
  const parsed = parseJson(json);
  if (!isObject(parsed)) throw new Error("tokenizer.json is not an object");
  const normalizer = effectiveNormalizer(parsed["normalizer"], parseJson(config)) ?? null;
  const reference = Tokenizer.fromString(JSON.stringify({ ...parsed, normalizer }));
  reference.disableTruncation();
  reference.disablePadding();
  return reference;
}

/**
 * Compares ids and token types, special tokens included.
 * @param inputs texts, or pairs of them
 * @returns the inputs whose results differ
 * @throws TokenizerError if ours does not serve the tokenizer
 */
export async function compareTokenizers(
  files: TokenizerFiles,
  inputs: readonly (string | TextPair)[],
): Promise<Difference[]> {
  const ours = runSteps(loadTokenizer(files.json, files.config));
  const reference = referenceTokenizer(files);
  const differences: Difference[] = [];
  for (const input of inputs) {
    const [text, pair] = typeof input === "string" ? [input, null] : [input.text, input.textPair];
    const encoding = await reference.encode(text.toWellFormed(), pair?.toWellFormed() ?? null);
    const expected = [encoding.getIds(), encoding.getTypeIds()];
    const found = encodeAll(ours, input);
    if (JSON.stringify(found) === JSON.stringify(expected)) continue;
    differences.push({ input, ours: found[0] ?? [], reference: expected[0] ?? [] });
  }
  return differences;
}

/** All ids and token types of a text. */
export function encodeAll(tokenizer: TextTokenizer, input: string | TextPair): [number[], number[]] {
  const encoding = tokenizer.encode(input, Number.POSITIVE_INFINITY);
  for (;;) {
    const result = encoding.next();
    if (result?.kind === "tokens") return [result.ids, result.typeIds];
    if (result !== null) throw new Error("a text has more tokens than infinitely many");
  }
}
