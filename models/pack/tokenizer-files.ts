/** The tokenizer's two files, tried with the library that both sides use before they go into a package. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { createTokenizer } from "../../lambda-origin/tokenize.ts";

/** All that the tokenizer needs to know beside `tokenizer.json`. */
const MINIMAL_CONFIG = { tokenizer_class: "PreTrainedTokenizerFast" };

const vocabularySchema = z.object({
  model: z.object({
    // Unigram lists its tokens, the others number them.
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z.array(z.object({ id: z.int() })).default([]),
});

export interface TokenizerFiles {
  tokenizer: Uint8Array;
  config: Uint8Array;
}

/** `configPath` is null where there is no such file: a minimal one is made. @throws Error with one sentence for people */
export async function readTokenizerFiles(
  path: string,
  configPath: string | null,
  vocabularySize: number,
): Promise<TokenizerFiles> {
  const tokenizer = await readFile(path);
  const config =
    configPath === null ? Buffer.from(`${JSON.stringify(MINIMAL_CONFIG, null, 2)}\n`) : await readFile(configPath);
  const json = parseObject(tokenizer, path);
  const vocabulary = vocabularySchema.safeParse(json);
  if (!vocabulary.success) throw new Error(`${path} is not a fast tokenizer's; save it again with use_fast=True.`);
  const largestId = largestTokenId(vocabulary.data);
  if (largestId >= vocabularySize) {
    throw new Error(
      `${path} has a token ${largestId}, but the model's vocabulary ends at ${vocabularySize - 1} (vocab_size in config.json); take the tokenizer that the model was trained with.`,
    );
  }
  try {
    createTokenizer(json, parseObject(config, configPath ?? "tokenizer_config.json"));
  } catch (error) {
    throw new Error(`${path} cannot be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return { tokenizer, config };
}

function largestTokenId({ model: { vocab }, added_tokens }: z.infer<typeof vocabularySchema>): number {
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  return [...ids, ...added_tokens.map(({ id }) => id)].reduce((largest, id) => Math.max(largest, id), 0);
}

function parseObject(bytes: Uint8Array, path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Error(`${path} is not JSON; save the tokenizer again.`);
  }
  if (typeof value !== "object" || value === null)
    throw new Error(`${path} is not a JSON object; save the tokenizer again.`);
  return value;
}
