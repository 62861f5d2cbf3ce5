/** onnxruntime-web behind the engine port. One runtime at a time; the next model uses the same heap. */
import { MAX_EDGE_HEAP_BYTES } from "../../../formats/model-package/manifest.ts";
import { DroppedHeaps } from "../dropped-heaps.ts";
import { type EdgeEngine, type EdgeModel, EdgeRunError, type ModelPackage, type RunText } from "../engine.ts";
import { sizeOf } from "../package.ts";
import { allocate, OrtError, type OrtRuntime, startRuntime } from "./runtime.ts";
import { type ClassifierSession, type HeapBlock, openSession } from "./session.ts";

type Stream = (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>;

/** A wasm heap never shrinks, and the isolate has room for one heap: so every model runs in the same instance. */
export function createOnnxEngine(
  wasm: WebAssembly.Module,
  heapMaxBytes = MAX_EDGE_HEAP_BYTES["onnxruntime-web"],
): EdgeEngine {
  const dropped = new DroppedHeaps();
  /** A runtime without a model. A load removes it, and returns it only when the heap holds nothing of that load. */
  let idle: OrtRuntime | null = null;

  async function load(opened: ModelPackage, stream: Stream): Promise<EdgeModel> {
    const { file, heapBytes } = opened.edge;
    const runtime = idle ?? (await startRuntime(wasm, { initialBytes: heapBytes, maximumBytes: heapMaxBytes }));
    idle = null;
    const block = orDrop(runtime, () => {
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
    return modelOf(
      runtime,
      orDrop(runtime, () => openSession(runtime, block)),
    );
  }

  function modelOf(runtime: OrtRuntime, session: ClassifierSession): EdgeModel {
    let state: "open" | "crashed" | "released" = "open";
    const runOne = ({ tokenIds, typeIds }: RunText) => {
      if (state !== "open") throw new EdgeRunError("crashed", `the model is ${state}`);
      try {
        return faulted(() => session.run(tokenIds, typeIds));
      } catch (error) {
        if (error instanceof EdgeRunError && error.fault === "crashed") {
          state = "crashed";
          // After a trap the state of the instance is unknown: it is left to the garbage collector.
          dropped.add(runtime.memory);
        }
        throw error;
      }
    };
    return {
      // ONNX Runtime's INT8 scales are per tensor: texts that ran together would change each other's logits.
      batchTokens: 0,
      heapBytes: () => runtime.heapBytes(),
      run: async (texts, steps) => {
        const logits: Float32Array[] = [];
        for (const [index, text] of texts.entries()) {
          // A run of ONNX Runtime is one call, which cannot be cut: the pauses are between texts.
          if (index > 0) await steps.pause();
          logits.push(runOne(text));
        }
        return logits;
      },
      release: () => {
        if (state !== "open") return;
        state = "released";
        session.release();
        idle = runtime;
      },
    };
  }

  /** Whatever a failed call has left in the heap is unknown, so the runtime is not used again. */
  function orDrop<T>(runtime: OrtRuntime, work: () => T): T {
    try {
      return faulted(work);
    } catch (error) {
      dropped.add(runtime.memory);
      throw error;
    }
  }

  function discard(): void {
    if (idle !== null) dropped.add(idle.memory);
    idle = null;
  }

  return { load, discard, uncollectedBytes: () => dropped.uncollectedBytes() };
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
