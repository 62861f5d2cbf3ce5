/** ONNX → ORT format with onnxruntime-node: no Python, and the Worker need not optimize the graph at each cold start. */
import { InferenceSession } from "onnxruntime-node";

/** Level `extended`: `all` would bake in the hardware of the machine that packs. @throws ONNX Runtime's own errors */
export async function toOrt(onnxFile: string, ortFile: string): Promise<void> {
  const session = await InferenceSession.create(onnxFile, {
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: ortFile,
    extra: { session: { save_model_format: "ORT" } },
    logSeverityLevel: 4,
  });
  await session.release();
}
