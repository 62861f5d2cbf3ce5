/** Texts of an exact number of tokens, made of words that the package's tokenizer keeps whole. */
import { z } from "zod";
import { createTokenizer } from "../../formats/model-package/tokenizer.ts";
import { type LocalPackage, readPackageFile } from "../spillway/model/local-package.ts";

/** `tokens` counts the special ones too, as admission does; another `seed` gives other words. */
export type MakeText = (tokens: number, seed: number) => string;

export interface Texts {
  make: MakeText;
  /** Token ids as the edge model gets them. */
  encode(text: string): number[];
}

/** WordPiece and BPE files keep their vocabulary as token → id. */
const vocabularySchema = z.object({ model: z.object({ vocab: z.record(z.string(), z.number()) }) });
const WORDS_WANTED = 500;

/** @throws Error with one sentence when the tokenizer has too few words of one token. */
export async function textsOf(opened: LocalPackage): Promise<Texts> {
  const { file, configFile } = opened.manifest.tokenizer;
  const tokenizerJson = await readText(opened, file);
  const { encode } = createTokenizer(tokenizerJson, await readText(opened, configFile));
  const specialTokens = encode("").length;
  const parsed = vocabularySchema.safeParse(JSON.parse(tokenizerJson));
  const words = (parsed.success ? Object.keys(parsed.data.model.vocab) : [])
    .filter((token) => /^[a-z]{3,}$/.test(token))
    .filter((word) => encode(word).length === specialTokens + 1)
    .slice(0, WORDS_WANTED);
  if (words.length < WORDS_WANTED) {
    throw new Error(`${file} has ${words.length} words of one token; ${WORDS_WANTED} are needed to make texts of.`);
  }
  const make: MakeText = (tokens, seed) => {
    const text = chooseWords(words, tokens - specialTokens, seed).join(" ");
    const counted = encode(text).length;
    if (counted !== tokens) throw new Error(`A text made for ${tokens} tokens has ${counted}.`);
    return text;
  };
  return { make, encode: (text) => encode(text) };
}

/** Pure: the same words for the same seed, in steps coprime to most counts so that seeds differ in more than their start. */
export function chooseWords(words: readonly string[], count: number, seed: number): string[] {
  return Array.from({ length: count }, (_, index) => words[(seed * 31 + index * 7919) % words.length] ?? "");
}

async function readText(opened: LocalPackage, file: string): Promise<string> {
  return new TextDecoder().decode(await readPackageFile(opened.folder, file));
}
