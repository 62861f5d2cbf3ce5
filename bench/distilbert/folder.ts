/** What a user brings to the packer, generated: a classifier of DistilBERT's size and kind with random weights. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeModel } from "../../models/onnx/write-model.ts";
import { classifierModel } from "./classifier.ts";
import { configFile } from "./config-file.ts";
import { completeShape, type DistilbertShape } from "./shape.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";

/**
 * Writes config.json, tokenizer.json, tokenizer_config.json, model.onnx and model_quantized.onnx. The same bytes for the same
 * shape; milliseconds for small shapes, about 0.6 GB of memory for the default one. @throws RangeError for an impossible shape.
 */
export async function writeDistilbertFolder(folder: string, shape: Partial<DistilbertShape> = {}): Promise<void> {
  const complete = completeShape(shape);
  await mkdir(folder, { recursive: true });
  const texts = { "config.json": configFile(complete), ...tokenizerFiles(complete) };
  for (const [name, content] of Object.entries(texts)) {
    await writeFile(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  await writeModel(classifierModel(complete, "fp32"), join(folder, "model.onnx"));
  if (complete.quantized) await writeModel(classifierModel(complete, "int8"), join(folder, "model_quantized.onnx"));
}
