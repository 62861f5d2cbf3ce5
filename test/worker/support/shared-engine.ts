/** One real model for all worlds of a test file: a load costs half a second, and only some tests are about loading. */
import { type EdgeEngine, type EdgeModel, EdgeRunError } from "../../../gateway/edge/engine.ts";
import { eitherEngine, handClock } from "./gateway.ts";

export interface SharedEngine extends EdgeEngine {
  /** While true every run fails as ONNX Runtime's do. */
  broken: boolean;
  /** While true every run fails as one that does not fit in the heap. */
  full: boolean;
  /** Called as each run begins; what it returns is waited for. */
  onRun: () => unknown;
}

export function sharedEngine(): SharedEngine {
  const real = eitherEngine(handClock());
  let model: EdgeModel | undefined;
  const engine: SharedEngine = {
    ...real,
    broken: false,
    full: false,
    onRun: () => {},
    load: async (opened, stream) => {
      model ??= await real.load(opened, stream);
      const { run } = model;
      return {
        ...model,
        release: () => {},
        run: async (texts, steps) => {
          await engine.onRun();
          if (engine.broken) throw new EdgeRunError("engine-error", "OrtRun failed");
          if (engine.full) throw new EdgeRunError("out-of-memory", "OrtRun failed: bad_alloc");
          return run(texts, steps);
        },
      };
    },
  };
  return engine;
}
