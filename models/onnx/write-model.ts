/** A model → one ONNX file, whole or not at all. */
import { rename, rm, writeFile } from "node:fs/promises";
import { encodeModel } from "./codec.ts";
import type { OnnxModel } from "./model.ts";

/** All data inline. Written beside and renamed. @throws RangeError above 2 GiB; the file system's own errors. */
export async function writeModel(model: OnnxModel, path: string): Promise<void> {
  const bytes = encodeModel(model);
  const staging = `${path}.${process.pid}.part`;
  try {
    await writeFile(staging, bytes);
    await rename(staging, path);
  } finally {
    await rm(staging, { force: true });
  }
}
