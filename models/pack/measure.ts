/** Measures what a model needs at the edge: the smallest heap that holds a run of so many tokens, and its time. */
import { HEAP_MIN_BYTES, OrtError } from "../../gateway/edge/onnx/runtime.ts";
import { type OpenedEdgeModel, openEdgeModel } from "./edge-runtime.ts";
import { fitTokenModel, type Point } from "./least-squares.ts";

const MIB = 2 ** 20;
/** Room to search in; no edge package may come near it. */
const SEARCH_MAX_BYTES = 512 * MIB;
/** The search ends at this precision. */
const STEP_BYTES = MIB / 2;
/** Runs at several lengths before the measured one: a heap in use is fragmented. */
const MIXED_LENGTHS = [1, 0.5, 0.13, 0.8, 1, 0.3, 1] as const;
const TIMED_RUNS = 7;

/** Deterministic ids spread over the vocabulary; memory and time do not depend on their values. */
export function sampleIds(tokens: number, vocabularySize: number): number[] {
  return Array.from({ length: tokens }, (_, index) => (index * 7919 + 13) % vocabularySize);
}

/** Smallest heap in bytes, per token count, fitted over them. */
export async function measureMemory(ort: Uint8Array, vocabularySize: number, tokenCounts: readonly number[]) {
  const points: Point[] = [];
  for (const tokens of tokenCounts) {
    points.push({ tokens, value: await smallestHeapBytes(ort, vocabularySize, tokens) });
  }
  return { points, model: fitTokenModel(points) };
}

/** Median milliseconds of a run, per token count, fitted over them. */
export async function measureTime(ort: Uint8Array, vocabularySize: number, tokenCounts: readonly number[]) {
  const model = await openEdgeModel(ort, { initialBytes: ort.byteLength, maximumBytes: SEARCH_MAX_BYTES });
  warmUp(model, vocabularySize);
  const points = tokenCounts.map((tokens) => ({
    tokens,
    value: medianRunMs(model, sampleIds(tokens, vocabularySize)),
  }));
  return { points, model: fitTokenModel(points) };
}

async function smallestHeapBytes(ort: Uint8Array, vocabularySize: number, tokens: number): Promise<number> {
  let tooSmall = Math.max(ort.byteLength, HEAP_MIN_BYTES) - STEP_BYTES;
  let enough = SEARCH_MAX_BYTES;
  while (enough - tooSmall > STEP_BYTES) {
    // Needs are near the weights' size, so the first guesses are too.
    const guess =
      enough === SEARCH_MAX_BYTES ? Math.min(tooSmall * 2, (tooSmall + enough) / 2) : (tooSmall + enough) / 2;
    if (await fits(ort, vocabularySize, tokens, guess)) enough = guess;
    else tooSmall = guess;
  }
  return Math.ceil(enough);
}

async function fits(ort: Uint8Array, vocabularySize: number, tokens: number, heapBytes: number): Promise<boolean> {
  try {
    const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
    for (const part of MIXED_LENGTHS) model.run(sampleIds(Math.max(1, Math.round(tokens * part)), vocabularySize));
    return true;
  } catch (error) {
    if (error instanceof OrtError && error.outOfMemory) return false;
    throw error;
  }
}

function warmUp(model: OpenedEdgeModel, vocabularySize: number): void {
  for (let round = 0; round < 8; round++) model.run(sampleIds(32, vocabularySize));
}

function medianRunMs(model: OpenedEdgeModel, tokenIds: readonly number[]): number {
  const times = Array.from({ length: TIMED_RUNS }, () => {
    const startedAtMs = performance.now();
    model.run(tokenIds);
    return performance.now() - startedAtMs;
  });
  return times.sort((a, b) => a - b)[TIMED_RUNS >> 1] ?? 0;
}
