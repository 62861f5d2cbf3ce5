/** One real model for all worlds of a test file: a load costs half a second, and only some tests are about loading. */
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "../../../gateway/edge/model.ts";
import { createOnnxEngine } from "../../../gateway/edge/onnx/engine.ts";

export interface SharedEngine extends EdgeEngine {
  /** While true every run fails as ONNX Runtime's do. */
  broken: boolean;
}

export function sharedEngine(): SharedEngine {
  let model: EdgeModel | undefined;
  const engine: SharedEngine = {
    broken: false,
    load: async (opened, stream) => {
      model ??= await createOnnxEngine(wasm).load(opened, stream);
      const { run, heapBytes } = model;
      return {
        heapBytes,
        release: () => {},
        run: async (tokenIds) => {
          if (engine.broken) throw new EdgeRunError("engine-error", "OrtRun failed");
          return run(tokenIds);
        },
      };
    },
  };
  return engine;
}
