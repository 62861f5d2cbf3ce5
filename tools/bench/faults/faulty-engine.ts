/** The real edge engine, whose loads and runs fail on command. */
import {
  type EdgeEngine,
  type EdgeModel,
  EdgeRunError,
  type RunText,
  type Steps,
} from "../../../gateway/edge/engine.ts";
import type { Controls } from "./controls.ts";

export interface EngineParts {
  engine: EdgeEngine;
  /** The same engine with a heap that holds no model. */
  smallEngine: EdgeEngine;
  inForce(): Controls;
  /** Called in each pause of a run, and may wait. */
  step(texts: readonly RunText[]): Promise<void>;
}

export function faultyEngine({ engine, smallEngine, inForce, step }: EngineParts): EdgeEngine {
  let hasTrapped = false;
  const run = async (model: EdgeModel, texts: readonly RunText[], steps: Steps): Promise<Float32Array[]> => {
    const fault = inForce().engine;
    if (fault !== "trap-once") hasTrapped = false;
    const isTrap = fault === "trap" || (fault === "trap-once" && !hasTrapped);
    if (fault === "trap-once") hasTrapped = true;
    const pause = async () => {
      await step(texts);
      // As if the next step had trapped: the engine handles it as its own.
      if (isTrap) throw new WebAssembly.RuntimeError("unreachable");
      await steps.pause();
    };
    const logits = await model.run(texts, { ...steps, pause });
    // A run of one step has no pause.
    if (isTrap) throw new EdgeRunError("crashed", "RuntimeError: unreachable");
    if (fault === "out-of-memory") throw new EdgeRunError("out-of-memory", "std::bad_alloc");
    if (fault === "engine-error") throw new EdgeRunError("engine-error", "a kernel failed");
    return logits;
  };
  return {
    ...engine,
    async load(opened, stream) {
      const used = inForce().engine === "small-heap" ? smallEngine : engine;
      const model = await used.load(opened, stream);
      // A fault of loading: what an isolate has loaded before it stays right.
      const isWrong = inForce().engine === "wrong-logits";
      return {
        ...model,
        run: async (texts, steps) => {
          const logits = await run(model, texts, steps);
          return isWrong ? logits.map((row) => row.map((logit) => -logit)) : logits;
        },
      };
    },
  };
}
