/** An ONNX file → a model with all its weights in memory. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { decodeModel, FILE_MAX_BYTES } from "./codec.ts";
import { withInlineData } from "./external-data.ts";
import type { OnnxModel } from "./model.ts";

/** @throws Error with one sentence when the file is missing, no ONNX file, or when weights beside it cannot be read. */
export async function readModel(path: string): Promise<OnnxModel> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} is missing or cannot be read.`, { cause });
  });
  if (size > FILE_MAX_BYTES) {
    throw new Error(`${basename(path)} is not an ONNX file: it has more than 2 GiB, which protobuf does not allow.`);
  }
  return await withInlineData(decodeModel(await readFile(path), basename(path)), path);
}
