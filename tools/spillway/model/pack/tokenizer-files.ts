/** A tokenizer's two files, checked to be the model's and to be served exactly. */
import { z } from "zod";
import { isObject, type JsonObject } from "../../../../formats/json.ts";
import { parseUserJson, readUserText } from "../../../process/read-text.ts";
import type { PackTools } from "./pack-tools.ts";

/** The class of a tokenizer without options. */
const DEFAULT_CLASS = "PreTrainedTokenizerFast";

const vocabularySchema = z.object({
  model: z.object({
    // Unigram tokenizers list their tokens, the others number them.
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z.array(z.object({ id: z.int() })).nullish(),
});

/** Their texts, as they are stored in the package: without a byte order mark. */
export interface TokenizerFiles {
  tokenizer: string;
  config: string;
  /** What was assumed, one sentence each. */
  notes: readonly string[];
}

export interface ModelFacts {
  /** Null if it is not known. */
  vocabularySize: number | null;
  /** What transformers uses for the model if tokenizer_config.json has no class; null for one without options. */
  tokenizerClass: string | null;
}

/**
 * Reads both files and compares the tokenizer with Hugging Face's own.
 * @param configPath null if there is no such file: a minimal one is made
 * @throws Error with one sentence
 */
export async function readTokenizerFiles(
  path: string,
  configPath: string | null,
  { vocabularySize, tokenizerClass }: ModelFacts,
  checkTokenizer: PackTools["checkTokenizer"],
): Promise<TokenizerFiles> {
  const tokenizer = await readUserText(path);
  const { config, notes } = await readConfig(configPath, tokenizerClass);
  const vocabulary = vocabularySchema.safeParse(jsonObject(tokenizer, path));
  if (!vocabulary.success) throw new Error(`${path} is not a fast tokenizer; save it again with use_fast=True.`);
  const largestId = largestTokenId(vocabulary.data);
  if (vocabularySize !== null && largestId >= vocabularySize) {
    throw new Error(
      `${path} has a token ${largestId}, but the model's vocabulary ends at ${vocabularySize - 1} (vocab_size in config.json, and the rows of the graph's word table); use the tokenizer that the model was trained with.`,
    );
  }
  try {
    await checkTokenizer(tokenizer, config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be used: ${reason.replace(/\.$/, "")}.`);
  }
  return { tokenizer, config, notes };
}

/** With the class that transformers would use: its options' defaults change the tokenizer. */
async function readConfig(path: string | null, tokenizerClass: string | null) {
  const text = path === null ? "{}" : await readUserText(path);
  const options = jsonObject(text, path ?? "tokenizer_config.json");
  if (typeof options["tokenizer_class"] === "string") return { config: text, notes: [] };
  const config = `${JSON.stringify({ ...options, tokenizer_class: tokenizerClass ?? DEFAULT_CLASS }, null, 2)}\n`;
  const notes =
    tokenizerClass === null
      ? []
      : [
          `tokenizer_config.json has no tokenizer_class: ${tokenizerClass} is used, with its defaults, as in transformers`,
        ];
  return { config, notes };
}

function largestTokenId({ model: { vocab }, added_tokens }: z.infer<typeof vocabularySchema>): number {
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  return [...ids, ...(added_tokens ?? []).map(({ id }) => id)].reduce((largest, id) => Math.max(largest, id), 0);
}

function jsonObject(text: string, path: string): JsonObject {
  const value = parseUserJson(path, text, "save the tokenizer again");
  if (isObject(value)) return value;
  throw new Error(`${path} is not a JSON object; save the tokenizer again.`);
}
