/** The user's model folder, as Hugging Face, Optimum or a training script writes it. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isObject, type JsonObject, parseJson } from "../../../../formats/json.ts";
import { checkTokenizer } from "./check-tokenizer.ts";
import { type ClassifierConfig, parseClassifierConfig } from "./classifier-config.ts";

/** Where exporters put graphs: transformers beside the configuration, Optimum and transformers.js in `onnx/`. */
const GRAPH_FOLDERS = ["", "onnx"] as const;
const FLOAT_FILE = "model.onnx";
const INT8_FILES = ["model_quantized.onnx", "model_int8.onnx", "model_uint8.onnx"] as const;

export interface SourceFolder {
  config: ClassifierConfig;
  /** Path of the FP32 graph. External data is in the same folder. */
  float: string;
  /** Path of the INT8 graph; null if there is none. */
  int8: string | null;
  /** Path of tokenizer.json. */
  tokenizer: string;
  /** Path of tokenizer_config.json; null if there is none. */
  tokenizerConfig: string | null;
}

/**
 * Finds the files, without opening a graph.
 * @param quantized path of an INT8 file outside the usual places
 * @throws Error with one sentence if something is missing or cannot be read
 */
export async function readSourceFolder(folder: string, quantized?: string): Promise<SourceFolder> {
  if (!(await isFolder(folder))) throw new Error(`There is no folder ${folder}; pass the folder of a model.`);
  if (quantized !== undefined && !(await isFile(quantized))) throw new Error(`There is no file ${quantized}.`);
  const config = join(folder, "config.json");
  if (!(await isFile(config))) {
    throw new Error(
      `${config} is missing; save it with AutoConfig.from_pretrained("<model>").save_pretrained("${folder}").`,
    );
  }
  const tokenizer = join(folder, "tokenizer.json");
  if (!(await isFile(tokenizer))) {
    throw new Error(
      `${tokenizer} is missing; make it with AutoTokenizer.from_pretrained("<model>", use_fast=True).save_pretrained("${folder}").`,
    );
  }
  const float = await firstFile(folder, [FLOAT_FILE]);
  if (float === null) {
    throw new Error(
      `${folder} has neither ${FLOAT_FILE} nor onnx/${FLOAT_FILE}; export the model with optimum-cli export onnx --task text-classification --model <model> ${folder}`,
    );
  }
  return {
    config: parseClassifierConfig(config, await readFile(config, "utf8")),
    float,
    int8: quantized ?? (await firstFile(folder, INT8_FILES)),
    tokenizer,
    tokenizerConfig: await firstFile(folder, ["tokenizer_config.json"]),
  };
}

async function firstFile(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    for (const graphs of GRAPH_FOLDERS) {
      const path = join(folder, graphs, name);
      if (await isFile(path)) return path;
    }
  }
  return null;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}

/** The least that the tokenizer needs beside `tokenizer.json`. */
const MINIMAL_CONFIG = { tokenizer_class: "PreTrainedTokenizerFast" };

const vocabularySchema = z.object({
  model: z.object({
    // Unigram tokenizers list their tokens, the others number them.
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z.array(z.object({ id: z.int() })).default([]),
});

export interface TokenizerFiles {
  tokenizer: Uint8Array;
  config: Uint8Array;
}

/**
 * The tokenizer's two files, tried with the library that both sides use.
 * @param configPath null if there is no such file: a minimal one is made
 * @throws Error with one sentence
 */
export async function readTokenizerFiles(
  path: string,
  configPath: string | null,
  vocabularySize: number,
): Promise<TokenizerFiles> {
  const tokenizer = await readFile(path);
  const config =
    configPath === null ? Buffer.from(`${JSON.stringify(MINIMAL_CONFIG, null, 2)}\n`) : await readFile(configPath);
  const json = jsonObject(tokenizer, path);
  const vocabulary = vocabularySchema.safeParse(json);
  if (!vocabulary.success) throw new Error(`${path} is not a fast tokenizer; save it again with use_fast=True.`);
  const largestId = largestTokenId(vocabulary.data);
  if (largestId >= vocabularySize) {
    throw new Error(
      `${path} has a token ${largestId}, but the model's vocabulary ends at ${vocabularySize - 1} (vocab_size in config.json); use the tokenizer that the model was trained with.`,
    );
  }
  try {
    jsonObject(config, configPath ?? "tokenizer_config.json");
    await checkTokenizer(tokenizer.toString(), config.toString());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} cannot be used: ${reason.replace(/\.$/, "")}.`);
  }
  return { tokenizer, config };
}

function largestTokenId({ model: { vocab }, added_tokens }: z.infer<typeof vocabularySchema>): number {
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  return [...ids, ...added_tokens.map(({ id }) => id)].reduce((largest, id) => Math.max(largest, id), 0);
}

function jsonObject(bytes: Uint8Array, path: string): JsonObject {
  const value = parseJson(new TextDecoder().decode(bytes));
  if (isObject(value)) return value;
  throw new Error(`${path} is not a JSON object; save the tokenizer again.`);
}
