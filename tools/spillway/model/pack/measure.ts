/**
 * Measures what runs of a model need: at the edge the wasm heap of onnxruntime-web by number of tokens, and the curve through measurements; at the
 * origin the time of the longest text.
 */
import { setImmediate as eventLoop } from "node:timers/promises";
import type { TokenModel } from "../../../../formats/model-package/manifest.ts";
import { OrtError } from "../../../../gateway/edge/onnx/runtime.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import { hundredths } from "../../../statistics.ts";
import { openEdgeModel } from "./edge-runtime.ts";

/** The model to measure. */
export interface MeasuredModel {
  wasm: WebAssembly.Module;
  /** The model in ORT format. */
  ort: Uint8Array;
  vocabularySize: number;
}

const PAGE_BYTES = 65_536;
/** Runs of several lengths, as shares of the longest, because a heap in use is fragmented. 400 runs of random lengths needed no more pages. */
const MIXED_LENGTHS = [1, 0.5, 0.13, 0.8, 1, 0.3, 1] as const;
/** Heap beside the weights. Most models need less than the first; the search for the highest written byte takes 1 ms for each MiB. */
const ROOMS_BYTES = [32 * 2 ** 20, 256 * 2 ** 20] as const;

/**
 * The smallest wasm heap in which runs of up to this many tokens succeed, in bytes of whole pages, weights included.
 *
 * In a new heap that is larger than needed, and so all zeros, the highest written byte is where the allocator's top was. A search
 * with smaller and smaller heaps ends at the same page, in forty seconds instead of two: with one page less, the runs fail.
 * @throws OrtError
 */
export async function measureHeapBytes(model: MeasuredModel, tokens: number): Promise<number> {
  const [room, largeRoom] = ROOMS_BYTES;
  try {
    return await usedIn(room, model, tokens);
  } catch (error) {
    if (error instanceof OrtError && error.outOfMemory) return await usedIn(largeRoom, model, tokens);
    throw error;
  }
}

/** Whether texts of these lengths run one after another in a heap of this size. @throws OrtError for another reason than memory */
export async function runsIn(
  heapBytes: number,
  { wasm, ort, vocabularySize }: MeasuredModel,
  lengths: readonly number[],
): Promise<boolean> {
  const opened = await openEdgeModel(wasm, ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  try {
    for (const tokens of lengths) {
      opened.run(sampleIds(tokens, vocabularySize));
      await eventLoop();
    }
    return true;
  } catch (error) {
    if (error instanceof OrtError && error.outOfMemory) return false;
    throw error;
  }
}

async function usedIn(
  roomBytes: number,
  { wasm, ort, vocabularySize }: MeasuredModel,
  tokens: number,
): Promise<number> {
  const heapBytes = ort.byteLength + roomBytes;
  const opened = await openEdgeModel(wasm, ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  for (const share of MIXED_LENGTHS) {
    opened.run(sampleIds(Math.max(1, Math.round(tokens * share)), vocabularySize));
    // Otherwise Ctrl-C would have no effect until the end.
    await eventLoop();
  }
  return wholePages(opened.usedBytes());
}

/** Rounds up to wasm pages. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

export interface Point {
  tokens: number;
  value: number;
}

/** The measured lengths, as shares of the longest. */
const MEASURED_SHARES = [1 / 16, 1 / 4, 1 / 2, 1] as const;

/** The lengths at which memory and time are measured, in tokens. */
export function measuredCounts(maxTokens: number): number[] {
  return MEASURED_SHARES.map((share) => Math.ceil(maxTokens * share));
}

/**
 * Fits value = base + perToken · tokens + perTokenSquared · tokens² to measured points, all above 0: the normal equations of the
 * relative errors, by Cramer's rule.
 * @throws Error without three points of different token counts
 */
export function fitTokenModel(points: readonly Point[]): TokenModel {
  // Relative errors count: a short text's time is a fraction of a long one's.
  const sum = (pick: (point: Point) => number) =>
    points.reduce((total, point) => total + pick(point) / point.value ** 2, 0);
  const power = (exponent: number) => sum(({ tokens }) => tokens ** exponent);
  const moment = (exponent: number) => sum(({ tokens, value }) => value * tokens ** exponent);
  const [x0, x1, x2, x3, x4] = [power(0), power(1), power(2), power(3), power(4)];
  const [y0, y1, y2] = [moment(0), moment(1), moment(2)];
  const whole = determinant([x0, x1, x2], [x1, x2, x3], [x2, x3, x4]);
  if (whole === 0) throw new Error("A token model needs measurements at three different token counts.");
  return {
    base: determinant([y0, x1, x2], [y1, x2, x3], [y2, x3, x4]) / whole,
    perToken: determinant([x0, y0, x2], [x1, y1, x3], [x2, y2, x4]) / whole,
    perTokenSquared: determinant([x0, x1, y0], [x1, x2, y1], [x2, x3, y2]) / whole,
  };
}

type Row = [number, number, number];

function determinant([a, b, c]: Row, [d, e, f]: Row, [g, h, i]: Row): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** The same ids each time, spread over the vocabulary. Memory and time do not depend on their values. */
export function sampleIds(tokens: number, vocabularySize: number): number[] {
  return Array.from({ length: tokens }, (_, index) => (index * 7919 + 13) % vocabularySize);
}

const TIMED_RUNS = 3;

/** The longest text at the origin, for a package whose edge states no time: in ms, the fastest of some runs, as other programs may use the machine. */
export async function measureWindowMs(
  { infer, windowTokens }: { infer: Infer; windowTokens: number },
  vocabularySize: number,
): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < TIMED_RUNS; run++) {
    const startedAtMs = performance.now();
    await infer([sampleIds(windowTokens, vocabularySize)]);
    times.push(performance.now() - startedAtMs);
  }
  return hundredths(Math.min(...times));
}
