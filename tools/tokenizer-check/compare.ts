/** Compares a tokenizer of ours with Hugging Face's own on the same texts. */
import { type Encoding, Tokenizer } from "tokenizers";
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
  const encodings = await encodeWith(reference, inputs);
  return inputs.flatMap((input, index) => {
    const encoding = encodings[index];
    const expected = [encoding?.getIds() ?? [], encoding?.getTypeIds() ?? []];
    const found = encodeAll(ours, input);
    if (JSON.stringify(found) === JSON.stringify(expected)) return [];
    return [{ input, ours: found[0], reference: expected[0] ?? [] }];
  });
}

/** One call for all texts, which accepts no pairs. */
async function encodeWith(reference: Tokenizer, inputs: readonly (string | TextPair)[]): Promise<Encoding[]> {
  const texts = inputs.filter((input) => typeof input === "string");
  const ofTexts = (await reference.encodeBatch(texts.map((text) => text.toWellFormed()))).values();
  const encodings: Encoding[] = [];
  for (const input of inputs) {
    const encoding =
      typeof input === "string"
        ? ofTexts.next().value
        : await reference.encode(input.text.toWellFormed(), input.textPair.toWellFormed());
    if (encoding !== undefined) encodings.push(encoding);
  }
  return encodings;
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
