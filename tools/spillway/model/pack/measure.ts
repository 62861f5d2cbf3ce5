/**
 * The smallest wasm heap in which runs of so many tokens succeed. In a heap that is larger than needed, fresh and so all zeros,
 * the highest byte written is where the allocator's top stood: measured once, it is the page to which a search with ever
 * smaller heaps comes too (one page less fails), in two seconds instead of forty.
 */
import { setImmediate as eventLoop } from "node:timers/promises";
import type { TokenModel } from "../../../../formats/model-package/manifest.ts";
import { type OpenedEdgeModel, openEdgeModel } from "./edge-runtime.ts";

const PAGE_BYTES = 65_536;
/** Runs of several lengths: a heap in use is fragmented. 400 runs of random lengths needed no page more. */
const MIXED_LENGTHS = [1, 0.5, 0.13, 0.8, 1, 0.3, 1] as const;
/** Beside the weights. Untouched memory costs nothing. */
const ROOM_BYTES = 256 * 2 ** 20;

/** Bytes of whole pages, weights included. @throws OrtError */
export async function measureHeapBytes(ort: Uint8Array, vocabularySize: number, tokens: number): Promise<number> {
  const heapBytes = ort.byteLength + ROOM_BYTES;
  const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  for (const part of MIXED_LENGTHS) {
    model.run(sampleIds(Math.max(1, Math.round(tokens * part)), vocabularySize));
    // So that Ctrl-C is heard.
    await eventLoop();
  }
  return wholePages(model.usedBytes());
}

/** Rounded up to wasm's page. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** How long a run takes at the edge, on this machine. A Worker corrects it by what it sees. */

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

/** Pure. Fits value = base + perToken · tokens + perTokenSquared · tokens² to measured points. */

export interface Point {
  tokens: number;
  value: number;
}

/** Needs three points of different token counts. Solves the normal equations by Cramer's rule. */
export function fitTokenModel(points: readonly Point[]): TokenModel {
  const sum = (pick: (point: Point) => number) => points.reduce((total, point) => total + pick(point), 0);
  const power = (exponent: number) => sum(({ tokens }) => tokens ** exponent);
  const moment = (exponent: number) => sum(({ tokens, value }) => value * tokens ** exponent);
  const columns: Matrix = [
    [power(0), power(1), power(2)],
    [power(1), power(2), power(3)],
    [power(2), power(3), power(4)],
  ];
  const right: Row = [moment(0), moment(1), moment(2)];
  const whole = determinant(columns);
  if (whole === 0) throw new Error("A token model needs measurements at three different token counts.");
  const solve = (column: number) =>
    determinant(columns.map((row, index) => row.with(column, right[index] ?? 0)) as unknown as Matrix) / whole;
  return { base: solve(0), perToken: solve(1), perTokenSquared: solve(2) };
}

type Row = [number, number, number];
type Matrix = [Row, Row, Row];

function determinant([[a, b, c], [d, e, f], [g, h, i]]: Matrix): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Pure. Deterministic ids spread over the vocabulary; memory and time do not depend on their values. */
export function sampleIds(tokens: number, vocabularySize: number): number[] {
  return Array.from({ length: tokens }, (_, index) => (index * 7919 + 13) % vocabularySize);
}
