/** A real engine whose runs a test sees, and can interrupt at each pause. */
import type { EdgeEngine, RunText, Steps } from "../../../gateway/edge/engine.ts";

export interface SeenRun {
  texts: readonly RunText[];
  /** Pauses so far: a run of n pauses has n + 1 steps. */
  pauses: number;
  /** How it ended; null while it runs. */
  end: "logits" | "error" | null;
}

export interface WatchedEngine extends EdgeEngine {
  /** Since the last load began, golden runs and warm-up included. */
  runs: SeenRun[];
  /** The most runs that were computing or paused at the same time. */
  mostAtOnce: number;
  /** Called in each pause, before the isolate serves others. */
  onPause(run: SeenRun): unknown;
}

export function watchedEngine(real: EdgeEngine): WatchedEngine {
  const engine: WatchedEngine = {
    ...real,
    runs: [],
    mostAtOnce: 0,
    onPause: () => {},
    load: async (opened, stream) => {
      engine.runs = [];
      const model = await real.load(opened, stream);
      return { ...model, run: (texts, steps) => watch(model.run, texts, steps) };
    },
  };
  async function watch(
    run: (texts: readonly RunText[], steps: Steps) => Promise<Float32Array[]>,
    texts: readonly RunText[],
    steps: Steps,
  ): Promise<Float32Array[]> {
    const seen: SeenRun = { texts, pauses: 0, end: null };
    engine.runs.push(seen);
    engine.mostAtOnce = Math.max(engine.mostAtOnce, engine.runs.filter(({ end }) => end === null).length);
    const pause = async () => {
      seen.pauses += 1;
      await engine.onPause(seen);
      await steps.pause();
    };
    try {
      const logits = await run(texts, { ...steps, pause });
      seen.end = "logits";
      return logits;
    } catch (error) {
      seen.end = "error";
      throw error;
    }
  }
  return engine;
}
