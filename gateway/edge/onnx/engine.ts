/** onnxruntime-web behind the edge model's port. */
import { type EdgeEngine, EdgeRunError } from "../model.ts";
import { sizeOf } from "../package.ts";
import { allocate, OrtError, startRuntime } from "./runtime.ts";
import { openSession } from "./session.ts";

export function createOnnxEngine(wasm: WebAssembly.Module): EdgeEngine {
  return {
    async load(opened, stream) {
      const { edge } = opened.manifest;
      const sizeBytes = sizeOf(opened, edge.file);
      const runtime = await startRuntime(wasm, edge.heap);
      const pointer = faulted(() => allocate(runtime.ort, sizeBytes));
      // Streamed to where the session will use it: the weights never exist twice.
      await stream((chunk, at) => runtime.heap().set(chunk, pointer + at));
      const session = faulted(() => openSession(runtime, { pointer, sizeBytes }));
      return {
        run: async (tokenIds) => faulted(() => session.run(tokenIds)),
        heapBytes: () => runtime.heapBytes(),
      };
    },
  };
}

/** ONNX Runtime catches its own exceptions; anything else is a trap, after which the instance's state is unknown. */
function faulted<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof OrtError) {
      throw new EdgeRunError(error.outOfMemory ? "out-of-memory" : "engine-error", error.message);
    }
    throw new EdgeRunError("crashed", String(error));
  }
}
