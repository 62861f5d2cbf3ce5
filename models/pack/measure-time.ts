/** How long a run takes at the edge, on this machine. A Worker corrects it by what it sees. */
import { setImmediate as eventLoop } from "node:timers/promises";
import { type OpenedEdgeModel, openEdgeModel } from "./edge-runtime.ts";
import type { Point } from "./least-squares.ts";
import { sampleIds } from "./sample-ids.ts";

/** The first rounds warm up: V8 optimizes the wasm meanwhile, and they take several times as long. */
export const TIME_ROUNDS = 15;

/**
 * Milliseconds of a run per token count: the fastest of several, taken in turns. Whatever else the machine does can only make a run
 * slower, and a model packed on a busy machine would seem slow wherever it serves. `done` hears of each round. @throws OrtError
 */
export async function measureTimeMs(
  ort: Uint8Array,
  vocabularySize: number,
  heapBytes: number,
  tokenCounts: readonly number[],
  done: () => void,
): Promise<Point[]> {
  const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  const fastestMs = new Map(tokenCounts.map((tokens) => [tokens, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < TIME_ROUNDS; round++) {
    for (const [tokens, soFarMs] of fastestMs) {
      fastestMs.set(tokens, Math.min(soFarMs, runMs(model, sampleIds(tokens, vocabularySize))));
      await eventLoop();
    }
    done();
  }
  return [...fastestMs].map(([tokens, value]) => ({ tokens, value }));
}

function runMs(model: OpenedEdgeModel, tokenIds: readonly number[]): number {
  const startedAtMs = performance.now();
  model.run(tokenIds);
  return performance.now() - startedAtMs;
}
