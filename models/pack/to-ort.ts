/** ONNX → ORT format with onnxruntime-node: no Python, and the Worker need not optimize the graph at each cold start. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";

/** Level `extended`: `all` would bake in the hardware of the machine that packs. */
export async function toOrt(onnxFile: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "spillway-ort-"));
  const optimizedModelFilePath = join(folder, "model.ort");
  try {
    await InferenceSession.create(onnxFile, {
      graphOptimizationLevel: "extended",
      optimizedModelFilePath,
      extra: { session: { save_model_format: "ORT" } },
      logSeverityLevel: 3,
    });
    return await readFile(optimizedModelFilePath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
