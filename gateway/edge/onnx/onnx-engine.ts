/** onnxruntime-web behind the engine port. One runtime at a time; the next model uses the same heap. */
import { MAX_EDGE_HEAP_BYTES } from "../../../formats/model-package/manifest.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "../engine.ts";
import { type ModelPackage, sizeOf } from "../package.ts";
import { allocate, OrtError, type OrtRuntime, startRuntime } from "./runtime.ts";
import { type HeapBlock, openSession } from "./session.ts";

type Stream = (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>;

/** A wasm heap never shrinks, and the isolate has room for one heap: so every model runs in the same instance. */
export function createOnnxEngine(
  wasm: WebAssembly.Module,
  heapMaxBytes = MAX_EDGE_HEAP_BYTES["onnxruntime-web"],
): EdgeEngine {
  /** A runtime without a model. A load removes it, and returns it only when the heap holds nothing of that load. */
  let idle: OrtRuntime | null = null;

  async function load(opened: ModelPackage, stream: Stream): Promise<EdgeModel> {
    const { file, heapBytes } = opened.edge;
    const runtime = idle ?? (await startRuntime(wasm, { initialBytes: heapBytes, maximumBytes: heapMaxBytes }));
    idle = null;
    const block = faulted(() => {
      runtime.growTo(Math.min(heapBytes, heapMaxBytes));
      return allocateModel(runtime, sizeOf(opened, file));
    });
    try {
      // Streamed to the place where the session uses them: the weights never exist twice.
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
        // After a trap the state of the instance is unknown: it is left to the garbage collector.
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

/**
 * A runtime's first session allocates 1.3 MiB that live as long as the runtime (operator registries, measured with 1.30.0), in the
 * lowest gap of the heap. Without this gap they would lie directly after the first model's block, and after that model's release
 * no larger model would fit in its place.
 */
const REGISTRIES_BYTES = 2 * 2 ** 20;

/** A block for a model of this size, with a gap below it. @throws OrtError (outOfMemory) at the heap's limit. */
export function allocateModel({ ort }: OrtRuntime, sizeBytes: number): HeapBlock {
  const below = allocate(ort, REGISTRIES_BYTES);
  try {
    return { pointer: allocate(ort, sizeBytes), sizeBytes };
  } finally {
    ort._free(below);
  }
}
