/** onnxruntime-web behind the edge model's port. One runtime at a time, and its heap is used again for the next model. */
import { MAX_EDGE_HEAP_BYTES } from "../../../formats/model-package/manifest.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "../engine.ts";
import { type ModelPackage, sizeOf } from "../package.ts";
import { allocate, OrtError, type OrtRuntime, startRuntime } from "./runtime.ts";
import { type HeapBlock, openSession } from "./session.ts";

type Stream = (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>;

/** Heaps never shrink: two instances would be two heaps, and the isolate has room for one. */
export function createOnnxEngine(wasm: WebAssembly.Module, heapMaxBytes = MAX_EDGE_HEAP_BYTES): EdgeEngine {
  /** A runtime without a model. A load takes it away, and gives it back only when nothing of its own is left in it. */
  let idle: OrtRuntime | null = null;

  async function load(opened: ModelPackage, stream: Stream): Promise<EdgeModel> {
    const { file, heapBytes } = opened.edge;
    const runtime = idle ?? (await startRuntime(wasm, { initialBytes: heapBytes, maximumBytes: heapMaxBytes }));
    idle = null;
    const block = faulted(() => {
      runtime.growTo(Math.min(heapBytes, heapMaxBytes));
      return writeModelToHeap(runtime, sizeOf(opened, file));
    });
    try {
      // Streamed to where the session will use it: the weights never exist twice.
      await stream((chunk, at) => runtime.heap().set(chunk, block.pointer + at));
    } catch (error) {
      runtime.ort._free(block.pointer);
      idle = runtime;
      throw error;
    }
    const session = faulted(() => openSession(runtime, block));
    let state: "open" | "crashed" | "released" = "open";
    return {
      run: async (tokenIds) => {
        if (state !== "open") throw new EdgeRunError("crashed", `the model is ${state}`);
        try {
          return faulted(() => session.run(tokenIds));
        } catch (error) {
          if (error instanceof EdgeRunError && error.fault === "crashed") state = "crashed";
          throw error;
        }
      },
      heapBytes: () => runtime.heapBytes(),
      release: () => {
        // After a trap nothing in the instance can be trusted: it is left to the garbage collector.
        if (state !== "open") return;
        state = "released";
        session.release();
        idle = runtime;
      },
    };
  }

  return { load };
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

/** Where a model's bytes go in the wasm heap, and how the place is left so that the next model fits in it. */

/**
 * A runtime's first session leaves 1.3 MiB behind that live as long as the runtime (operator registries, measured with 1.30.0).
 * They take the lowest hole they find. Without one they would lie right behind the first model's block, and once that model
 * is gone, no larger one would fit in what it left.
 */
const REGISTRIES_BYTES = 2 * 2 ** 20;

/** A block for a model of so many bytes, with room below it. @throws OrtError (outOfMemory) at the heap's limit. */
export function writeModelToHeap({ ort }: OrtRuntime, sizeBytes: number): HeapBlock {
  const below = allocate(ort, REGISTRIES_BYTES);
  try {
    return { pointer: allocate(ort, sizeBytes), sizeBytes };
  } finally {
    ort._free(below);
  }
}
