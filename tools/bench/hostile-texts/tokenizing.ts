/** What tokenizing a text takes, by the tokenizer of both sides: steps, the longest of them, and all that is allocated. */
import { GCProfiler, getHeapStatistics } from "node:v8";
import { TextError } from "../../../formats/tokenizer/core/tokenizer-error.ts";
import type { Encoded, TextOrPair, TextTokenizer } from "../../../formats/tokenizer/tokenizer.ts";

/** A text may allocate as much, garbage included. */
export const MAX_TOKENIZING_MIB = 4;
/** A step may hold the thread for as long. */
export const MAX_STEP_MS = 10;
const MIB = 2 ** 20;

export interface Tokenizing {
  /** Null for a text that is refused. */
  result: Encoded | null;
  steps: number;
  /** By the clock, with V8's collections and what else runs on the machine. */
  longestStepMs: number;
  /** All objects, garbage included, and the most memory of typed arrays. */
  allocatedMiB: number;
}

/** Tokenizes until the text is known to have at most `maxTokens` tokens or more, as both sides do. */
export function measureTokenizing(tokenizer: TextTokenizer, text: TextOrPair, maxTokens: number): Tokenizing {
  const encoding = tokenizer.encode(text, maxTokens);
  const buffersBefore = process.memoryUsage().arrayBuffers;
  const profiler = new GCProfiler();
  profiler.start();
  const heapBefore = getHeapStatistics().used_heap_size;
  let buffers = buffersBefore;
  let longestStepMs = 0;
  let steps = 0;
  let result: Encoded | null = null;
  try {
    for (; result === null; steps++) {
      const startedAtMs = performance.now();
      result = encoding.next();
      longestStepMs = Math.max(longestStepMs, performance.now() - startedAtMs);
      buffers = Math.max(buffers, process.memoryUsage().arrayBuffers);
    }
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
  }
  const heapAfter = getHeapStatistics().used_heap_size;
  const collected = profiler
    .stop()
    .statistics.reduce(
      (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      0,
    );
  const objects = heapAfter - heapBefore + collected;
  return { result, steps, longestStepMs, allocatedMiB: Math.max(0, objects + buffers - buffersBefore) / MIB };
}
