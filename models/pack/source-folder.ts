/** What a user brings: a folder as Hugging Face or their own training leaves it. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const configSchema = z.object({
  id2label: z.record(z.string(), z.string()),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  problem_type: z.enum(["single_label_classification", "multi_label_classification"]).nullish(),
});

export interface SourceFolder {
  labels: string[];
  problemType: "single_label_classification" | "multi_label_classification";
  vocabularySize: number;
  maxPositions: number;
  /** Absolute or relative paths of the files. */
  files: { origin: string; edge: string; tokenizer: string; tokenizerConfig: string };
}

/** @throws Error with one sentence for people when something is missing or unreadable. */
export async function readSourceFolder(folder: string): Promise<SourceFolder> {
  const files = {
    origin: join(folder, "model.onnx"),
    edge: join(folder, "model_quantized.onnx"),
    tokenizer: join(folder, "tokenizer.json"),
    tokenizerConfig: join(folder, "tokenizer_config.json"),
  };
  for (const path of [join(folder, "config.json"), ...Object.values(files)]) await mustExist(path);
  const config = configSchema.safeParse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
  if (!config.success) throw new Error(`config.json is not a classifier's: ${z.prettifyError(config.error)}`);
  const { id2label, vocab_size, max_position_embeddings, problem_type } = config.data;
  const labels = Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
  return {
    labels,
    problemType: problem_type ?? "single_label_classification",
    vocabularySize: vocab_size,
    maxPositions: max_position_embeddings,
    files,
  };
}

async function mustExist(path: string): Promise<void> {
  try {
    await access(path);
  } catch {
    throw new Error(
      `${path} is missing. A model folder holds config.json, tokenizer.json, tokenizer_config.json, model.onnx and model_quantized.onnx.`,
    );
  }
}
