/** onnxruntime-web with its wasm file, 3.7 MB of the upload. Imported only where a deployment includes it. */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import type { EdgeEngine } from "../engine.ts";
import { createOnnxEngine } from "./onnx-engine.ts";

export function bundledOnnxEngine(): EdgeEngine {
  return createOnnxEngine(wasm);
}
