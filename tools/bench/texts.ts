/** Texts with a given number of tokens, made of words that the package's tokenizer keeps whole. */
import { z } from "zod";
import { createTokenizer } from "../../formats/model-package/tokenizer.ts";
import { type LocalPackage, readPackageFile } from "../spillway/model/local-package.ts";

/** `tokens` includes the special tokens, as measuring counts them. Another `seed` gives other words. */
export type MakeText = (tokens: number, seed: number) => string;

export interface Texts {
  make: MakeText;
  /** Token ids as the edge model receives them. */
  encode(text: string): number[];
}

/** WordPiece and BPE files store their vocabulary as token → id. */
const vocabularySchema = z.object({ model: z.object({ vocab: z.record(z.string(), z.number()) }) });
const WORD_COUNT = 500;

/** @throws Error with one sentence if the tokenizer has too few words of one token */
export async function textsOf(opened: LocalPackage): Promise<Texts> {
  const { file, configFile } = opened.manifest.tokenizer;
  const tokenizerJson = await readText(opened, file);
  const { encode } = createTokenizer(tokenizerJson, await readText(opened, configFile));
  const specialTokens = encode("").length;
  const parsed = vocabularySchema.safeParse(JSON.parse(tokenizerJson));
  const words = (parsed.success ? Object.keys(parsed.data.model.vocab) : [])
    .filter((token) => /^[a-z]{3,}$/.test(token))
    .filter((word) => encode(word).length === specialTokens + 1)
    .slice(0, WORD_COUNT);
  if (words.length < WORD_COUNT) {
    throw new Error(`${file} has ${words.length} words of one token; the bench needs ${WORD_COUNT} to make texts.`);
  }
  const make: MakeText = (tokens, seed) => {
    const text = chooseWords(words, tokens - specialTokens, seed).join(" ");
    const counted = encode(text).length;
    if (counted !== tokens) throw new Error(`A text made for ${tokens} tokens has ${counted}.`);
    return text;
  };
  return { make, encode: (text) => encode(text) };
}

/** Pure. The same words for the same seed. The step is coprime to most counts, so seeds differ in more than their first word. */
export function chooseWords(words: readonly string[], count: number, seed: number): string[] {
  return Array.from({ length: count }, (_, index) => words[(seed * 31 + index * 7919) % words.length] ?? "");
}

async function readText(opened: LocalPackage, file: string): Promise<string> {
  return new TextDecoder().decode(await readPackageFile(opened.folder, file));
}
