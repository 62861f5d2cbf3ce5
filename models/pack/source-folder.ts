/** What a user brings: a folder as Hugging Face, Optimum or their own training leaves it. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ClassifierConfig, parseClassifierConfig } from "./classifier-config.ts";

/** Where exporters put the graphs: transformers beside the configuration, Optimum and transformers.js in `onnx/`. */
const GRAPH_FOLDERS = ["", "onnx"] as const;
const FLOAT_FILE = "model.onnx";
const INT8_FILES = ["model_quantized.onnx", "model_int8.onnx", "model_uint8.onnx"] as const;

export interface SourceFolder {
  config: ClassifierConfig;
  /** Paths. External data lies beside the graphs that name it. */
  float: string;
  /** Null where the folder has none. */
  int8: string | null;
  tokenizer: string;
  /** Null where the folder has none. */
  tokenizerConfig: string | null;
}

/**
 * Looks at what there is without opening a graph. `quantized` is an INT8 file that the user named.
 * @throws Error with one sentence for people when something is missing or unreadable
 */
export async function readSourceFolder(folder: string, quantized?: string): Promise<SourceFolder> {
  if (!(await isFolder(folder))) throw new Error(`There is no folder ${folder}; name the folder of a model.`);
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
      `${folder} has no ${FLOAT_FILE}, and no onnx/${FLOAT_FILE}; export the model with optimum-cli export onnx --task text-classification --model <model> ${folder}`,
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
