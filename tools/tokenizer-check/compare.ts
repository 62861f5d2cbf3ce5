/** Compares a tokenizer of ours with Hugging Face's own on the same texts. */
import { type Encoding, Tokenizer } from "tokenizers";
import { isObject, parseJson } from "../../formats/json.ts";
import { loadTokenizer, runSteps } from "../../formats/tokenizer/load-tokenizer.ts";
import type { Encoding as OurEncoding, TextOrPair, TextTokenizer, Tokens } from "../../formats/tokenizer/tokenizer.ts";
import { effectiveNormalizer, effectivePreTokenizer } from "../../formats/tokenizer/tokenizer-config.ts";

export interface TokenizerFiles {
  /** The text of `tokenizer.json`, and of `tokenizer_config.json`. */
  json: string;
  config: string;
}

/** What a text or a pair was made into. */
interface Compared {
  ids: readonly number[];
  typeIds: readonly number[];
}

export interface Difference {
  input: TextOrPair;
  ours: Compared;
  reference: Compared;
}

/** Hugging Face's tokenizer as Python uses it: with tokenizer_config.json's options, without truncation and padding. @throws Error if it refuses */
export function referenceTokenizer({ json, config }: TokenizerFiles): Tokenizer {
  const parsed = parseJson(json);
  if (!isObject(parsed)) throw new Error("tokenizer.json is not an object");
  const options = parseJson(config);
  const normalizer = effectiveNormalizer(parsed["normalizer"], options) ?? null;
  const pre_tokenizer = effectivePreTokenizer(parsed["pre_tokenizer"], options) ?? null;
  const reference = Tokenizer.fromString(JSON.stringify({ ...parsed, normalizer, pre_tokenizer }));
  reference.disableTruncation();
  reference.disablePadding();
  return reference;
}

/**
 * Compares ids and token types, special tokens included.
 * @param inputs texts, and pairs if ours accepts them
 * @returns the inputs whose results differ
 * @throws TokenizerError if ours does not serve the tokenizer
 */
export async function compareTokenizers(files: TokenizerFiles, inputs: readonly TextOrPair[]): Promise<Difference[]> {
  const ours = ourTokenizer(files);
  const reference = referenceTokenizer(files);
  const encodings = await encodeWith(reference, inputs);
  return inputs.flatMap((input, index) => {
    const encoding = encodings[index];
    const expected = { ids: encoding?.getIds() ?? [], typeIds: encoding?.getTypeIds() ?? [] };
    const [ids, typeIds] = encodeAll(ours, input);
    if (JSON.stringify({ ids, typeIds }) === JSON.stringify(expected)) return [];
    return [{ input, ours: { ids, typeIds }, reference: expected }];
  });
}

/** @throws TokenizerError if it is not served */
export function ourTokenizer({ json, config }: TokenizerFiles): TextTokenizer {
  return runSteps(loadTokenizer(json, config));
}

/** One call for all texts, which accepts no pairs. */
async function encodeWith(reference: Tokenizer, inputs: readonly TextOrPair[]): Promise<Encoding[]> {
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

/** All ids of a text without special tokens. */
export function encodeContent(tokenizer: TextTokenizer, text: string): number[] {
  return finish(tokenizer.encodeContent(text, Number.POSITIVE_INFINITY)).ids;
}

/** All ids and token types of a text. */
export function encodeAll(tokenizer: TextTokenizer, input: TextOrPair): [number[], number[]] {
  const { ids, typeIds } = finish(tokenizer.encode(input, Number.POSITIVE_INFINITY));
  return [ids, typeIds];
}

function finish(encoding: OurEncoding): Tokens {
  for (;;) {
    const result = encoding.next();
    if (result?.kind === "tokens") return result;
    if (result !== null) throw new Error("a text has more tokens than infinitely many");
  }
}
