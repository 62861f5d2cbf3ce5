/** How long a run takes at the edge, on this machine. A Worker corrects it by what it sees. */
import { setImmediate as eventLoop } from "node:timers/promises";
import { type OpenedEdgeModel, openEdgeModel } from "./edge-runtime.ts";
import type { Point } from "./least-squares.ts";
import { sampleIds } from "./sample-ids.ts";

const TIMED_RUNS = 7;
/** The first runs take several times as long, until V8 has optimized the wasm. */
const WARM_UP_RUNS = 8;
const WARM_UP_TOKENS = 32;

/** Median milliseconds of a run, per token count. `done` hears of each count. @throws OrtError */
export async function measureTimeMs(
  ort: Uint8Array,
  vocabularySize: number,
  heapBytes: number,
  tokenCounts: readonly number[],
  done: () => void,
): Promise<Point[]> {
  const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  await runMs(model, sampleIds(Math.min(WARM_UP_TOKENS, ...tokenCounts), vocabularySize), WARM_UP_RUNS);
  const points: Point[] = [];
  for (const tokens of tokenCounts) {
    const timesMs = await runMs(model, sampleIds(tokens, vocabularySize), TIMED_RUNS);
    points.push({ tokens, value: timesMs[TIMED_RUNS >> 1] ?? 0 });
    done();
  }
  return points;
}

/** Shortest first. */
async function runMs(model: OpenedEdgeModel, tokenIds: readonly number[], runs: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startedAtMs = performance.now();
    model.run(tokenIds);
    timesMs.push(performance.now() - startedAtMs);
    await eventLoop();
  }
  return timesMs.sort((a, b) => a - b);
}
