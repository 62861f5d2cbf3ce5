/** The user's model folder, as Hugging Face, Optimum or a training script writes it. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readUserText } from "../../../process/read-text.ts";
import { readModel } from "../graph/model-file.ts";
import { textInputsOf } from "../graph/text-inputs.ts";
import { type ClassifierConfig, parseClassifierConfig } from "./classifier-config.ts";
import { checkSignature } from "./graph-signature.ts";
import type { PackTools } from "./pack-tools.ts";
import type { Refusals } from "./refusals.ts";
import { type ModelFacts, readTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";

/** Where exporters put graphs: transformers beside the configuration, Optimum and transformers.js in `onnx/`. */
const GRAPH_FOLDERS = ["", "onnx"] as const;
const FLOAT_FILE = "model.onnx";
const INT8_FILES = ["model_quantized.onnx", "model_int8.onnx", "model_uint8.onnx"] as const;

export interface SourceFolder {
  config: ClassifierConfig;
  /** Every smaller token id is valid. */
  vocabularySize: number;
  /** Path of the FP32 graph. External data is in the same folder. */
  float: string;
  /** Path of the INT8 graph; null if there is none. */
  int8: string | null;
}

/** What could be read. Null: refused. */
export interface FoundSource {
  /** Null unless the configuration and the FP32 graph are usable, whatever the tokenizer is. */
  source: SourceFolder | null;
  tokenizer: TokenizerFiles | null;
}

/**
 * Reads what the folder has, and collects everything that is missing or cannot be used.
 * @param quantized path of an INT8 file outside the usual places
 * @throws Error with one sentence if there is no folder
 */
export async function readSourceFolder(
  folder: string,
  quantized: string | undefined,
  refusals: Refusals,
  checkTokenizer: PackTools["checkTokenizer"],
): Promise<FoundSource> {
  if (!(await isFolder(folder))) throw new Error(`There is no folder ${folder}; pass the folder of a model.`);
  const config = await refusals.check(() => readConfig(folder));
  const graph = await refusals.check(() => readFloat(folder));
  const int8 = await refusals.check(() => findInt8File(folder, quantized));
  // A row that the graph does not have would fail every text with that token.
  const sizes = [config?.vocabularySize, graph?.vocabularySize].flatMap((size) => size ?? []);
  const vocabularySize = sizes.length === 0 ? null : Math.min(...sizes);
  const facts = { vocabularySize, tokenizerClass: config?.tokenizerClass ?? null };
  const tokenizer = await refusals.check(() => readTokenizer(folder, facts, checkTokenizer));
  if (config !== null && graph !== null && vocabularySize === null) {
    await refusals.check(() => {
      throw new Error(`${join(folder, "config.json")} has no vocab_size, and ${graph.float} does not show it; add it.`);
    });
  }
  const isUsable = config !== null && graph !== null && int8 !== null && vocabularySize !== null;
  return { source: isUsable ? { config, vocabularySize, float: graph.float, int8: int8.path } : null, tokenizer };
}

async function readConfig(folder: string): Promise<ClassifierConfig> {
  const path = join(folder, "config.json");
  if (!(await isFile(path))) {
    throw new Error(
      `${path} is missing; save it with AutoConfig.from_pretrained("<model>").save_pretrained("${folder}").`,
    );
  }
  return parseClassifierConfig(path, await readUserText(path));
}

async function readTokenizer(
  folder: string,
  facts: ModelFacts,
  checkTokenizer: PackTools["checkTokenizer"],
): Promise<TokenizerFiles> {
  const path = join(folder, "tokenizer.json");
  if (!(await isFile(path))) {
    throw new Error(
      `${path} is missing; make it with AutoTokenizer.from_pretrained("<model>", use_fast=True).save_pretrained("${folder}").`,
    );
  }
  const configPath = await firstFile(folder, ["tokenizer_config.json"]);
  return await readTokenizerFiles(path, configPath, facts, checkTokenizer);
}

/** @returns the path, and the rows of the word table; null if they are not a constant */
async function readFloat(folder: string): Promise<{ float: string; vocabularySize: number | null }> {
  const float = await firstFile(folder, [FLOAT_FILE]);
  if (float === null) {
    throw new Error(
      `${folder} has neither ${FLOAT_FILE} nor onnx/${FLOAT_FILE}; export the model with optimum-cli export onnx --task text-classification --model <model> ${folder}`,
    );
  }
  const model = await readModel(float);
  checkSignature(model, float);
  try {
    return { float, vocabularySize: textInputsOf(model.graph).vocabularySize };
  } catch {
    return { float, vocabularySize: null };
  }
}

async function findInt8File(folder: string, quantized: string | undefined): Promise<{ path: string | null }> {
  if (quantized !== undefined && !(await isFile(quantized))) throw new Error(`There is no file ${quantized}.`);
  return { path: quantized ?? (await firstFile(folder, INT8_FILES)) };
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
