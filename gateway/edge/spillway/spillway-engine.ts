/** The engine of `engine/` behind the engine port. One linear memory; the next model uses the same one. */
import { createEngine, type Engine } from "../../../engine/create-engine.ts";
import { type Encoder, EngineStateError } from "../../../engine/encoder/encoder.ts";
import { hasRelaxedSimd } from "../../../engine/relaxed-simd.ts";
import { WeightsError } from "../../../engine/weights-error.ts";
import { MAX_EDGE_HEAP_BYTES } from "../../../formats/model-package/manifest.ts";
import type { Clock } from "../../call.ts";
import { PackageError } from "../bucket.ts";
import { DroppedHeaps } from "../dropped-heaps.ts";
import {
  type EdgeEngine,
  type EdgeModel,
  EdgeRunError,
  type EngineUnavailable,
  type ModelPackage,
  RunAborted,
  type RunText,
  type Steps,
} from "../engine.ts";
import { StepSpeed, StepTimer } from "./step-speed.ts";

/** A pause costs about 1 % of a step: docs/decisions/032-short-steps-beside-others.md */
const STEP_MS = 4;
/** Beside other requests. Each needs the thread several times, and waits for most of a step each time. */
const SHORT_STEP_MS = 1;

type Stream = (sink: (chunk: Uint8Array, at: number) => void) => Promise<void>;

/** @param wasm the compiled engine/dist/engine.wasm */
export function createSpillwayEngine(
  wasm: WebAssembly.Module,
  clock: Pick<Clock, "nowMs">,
  heapMaxBytes = MAX_EDGE_HEAP_BYTES["spillway-engine"],
): EdgeEngine {
  const dropped = new DroppedHeaps();
  const speed = new StepSpeed();
  let engine: Engine | null = null;

  const discard = () => {
    const heap = engine?.linearMemory() ?? null;
    if (heap !== null) dropped.add(heap);
    engine = null;
  };

  async function load(opened: ModelPackage, stream: Stream): Promise<EdgeModel> {
    const { file, maxTokens } = opened.edge;
    engine ??= createEngine(wasm, { maxMemoryBytes: heapMaxBytes });
    const used = engine;
    const encoder = await receive(used, { file, maxTokens }, stream);
    let state: "open" | "crashed" | "released" = "open";
    return {
      batchTokens: encoder.maxTokens,
      heapBytes: () => used.memoryBytes(),
      run: async (texts, steps) => {
        if (state !== "open") throw new EdgeRunError("crashed", `the model is ${state}`);
        try {
          return await runSteps(encoder, texts, steps);
        } catch (error) {
          if (error instanceof EngineStateError) throw new RunAborted();
          if (error instanceof RangeError) throw new EdgeRunError("engine-error", error.message);
          if (!(error instanceof WebAssembly.RuntimeError)) throw error;
          // After a trap nothing in the memory can be trusted.
          state = "crashed";
          throw new EdgeRunError("crashed", String(error));
        }
      },
      release: () => {
        if (state === "crashed" && engine === used) discard();
        state = "released";
      },
    };
  }

  async function runSteps(encoder: Encoder, texts: readonly RunText[], steps: Steps) {
    // A model without a segment table has no input for token types, and its origin's graph has none either.
    const hasTypes = encoder.architecture.tokenTypes > 1;
    // A run whose request has ended, or a warm-up that a text interrupts, never finishes by itself.
    encoder.abort();
    const run = encoder.run(
      texts.map(({ tokenIds: ids, typeIds }) => (hasTypes && typeIds !== null ? { ids, kinds: typeIds } : { ids })),
      { stepMs: () => (steps.othersWait() ? SHORT_STEP_MS : STEP_MS), unitsPerMs: speed.unitsPerMs },
    );
    const timer = new StepTimer(() => clock.nowMs());
    try {
      for (;;) {
        const step = run.next();
        if (step.done) return step.value;
        timer.ended(step.value);
        await steps.pause();
        timer.begins();
      }
    } finally {
      run.return([]);
      timer.reportTo(speed);
    }
  }

  return { load, discard, uncollectedBytes: () => dropped.uncollectedBytes() };
}

/**
 * Streams the weights into the memory. The digest decides first: a file that is damaged is reported as such, whatever the engine
 * found wrong with its bytes.
 */
async function receive(
  engine: Engine,
  { file, maxTokens }: { file: string; maxTokens: number },
  stream: Stream,
): Promise<Encoder> {
  const unusable = (error: unknown) => {
    if (error instanceof WeightsError) return new PackageError("rejected", `${file}: ${error.message}`);
    return error;
  };
  const loading = engine.load({ maxTokens });
  let failure: { error: unknown } | null = null;
  await stream((chunk) => {
    if (failure !== null) return;
    try {
      loading.write(chunk);
    } catch (error) {
      failure = { error };
    }
  });
  try {
    if (failure !== null) throw (failure as { error: unknown }).error;
    return loading.finish();
  } catch (error) {
    throw unusable(error);
  }
}

/** The engine, or why this runtime cannot run it. */
export function spillwayEngineOf(
  wasm: WebAssembly.Module,
  clock: Pick<Clock, "nowMs">,
  isSupported = hasRelaxedSimd(),
): EdgeEngine | EngineUnavailable {
  return isSupported
    ? createSpillwayEngine(wasm, clock)
    : { unavailable: "spillway-engine needs relaxed SIMD, which this runtime does not have" };
}
