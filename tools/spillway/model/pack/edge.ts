/** The edge's half of a package: the INT8 model in ORT format, what it needs, and what it must compute. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { MAX_EDGE_HEAP_BYTES, type Manifest } from "../../../../formats/model-package/manifest.ts";
import { HEAP_MIN_BYTES } from "../../../../gateway/edge/onnx/runtime.ts";
import type { Progress } from "../../terminal/progress.ts";
import { openEdgeModel } from "./edge-runtime.ts";
import type { Int8Model } from "./int8.ts";
import {
  fitTokenModel,
  measureHeapBytes,
  measureTimeMs,
  type Point,
  sampleIds,
  TIME_ROUNDS,
  wholePages,
} from "./measure.ts";
import { ortFailure, PackError } from "./pack-error.ts";
import type { Staging } from "./staging.ts";
import { largestFitting, TOKENS_MIN } from "./token-limit.ts";

export type EdgeEntry = NonNullable<Manifest["edge"]>;

const FILE = "edge.ort";
const MIB = 2 ** 20;
/** Of what runs use beside the weights, for orders of lengths that were not tried. */
const WORKING_SLACK = 0.05;
/** The lengths measured, as shares of the longest. */
const MEASURED_SHARES = [1 / 16, 1 / 4, 1 / 2, 1] as const;
const GOLDEN_TOKENS = [4, 16, 32] as const;
/** The same wasm computes the same bits everywhere; this allows for a later ONNX Runtime that rounds otherwise. */
const GOLDEN_TOLERANCE = 1e-3;
const RUNTIME = "The edge's ONNX Runtime";
const ADVICE = "bring another INT8 file with --quantized, or pack for the origin alone with --origin-only";

export interface EdgeRequest {
  int8: Int8Model;
  labelCount: number;
  vocabularySize: number;
  /** The most tokens wanted; fewer when only they fit. */
  maxTokens: number;
}

/** @throws PackError with the reason and the numbers when the model cannot be served at the edge */
export async function makeEdge(wish: EdgeRequest, staging: Staging, progress: Progress): Promise<EdgeEntry> {
  const { int8, vocabularySize } = wish;
  try {
    const ort = await progress.step("converting the INT8 model to ORT format", 1, async () => {
      await toOrt(int8.path, join(staging.package, FILE));
      return await readFile(join(staging.package, FILE));
    });
    if (ort.byteLength > MAX_EDGE_HEAP_BYTES) throw tooLarge(int8.name, ort.byteLength, "its weights alone");
    const heap = await measureHeap(ort, wish, progress);
    const counts = measuredCounts(heap.maxTokens);
    const times = await progress.step("measuring the time of a run", TIME_ROUNDS, (advance) =>
      measureTimeMs(ort, vocabularySize, heap.heapBytes, counts, advance),
    );
    const golden = await goldenOf(ort, wish, heap);
    return {
      file: FILE,
      ...heap,
      timeMs: fitTokenModel(times),
      golden,
      goldenTolerance: GOLDEN_TOLERANCE,
    };
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw ortFailure(RUNTIME, int8.name, ADVICE, error);
  }
}

async function measureHeap(
  ort: Uint8Array,
  { int8, vocabularySize, maxTokens: wanted }: EdgeRequest,
  progress: Progress,
) {
  const measured = new Map<number, number>();
  const measure = async (tokens: number) => {
    const bytes = measured.get(tokens) ?? (await measureHeapBytes(ort, vocabularySize, tokens));
    measured.set(tokens, bytes);
    return bytes;
  };
  const withSlack = (bytes: number) =>
    Math.max(HEAP_MIN_BYTES, wholePages(bytes + (bytes - ort.byteLength) * WORKING_SLACK));
  return await progress.step("measuring the wasm heap of a run", MEASURED_SHARES.length, async (advance) => {
    const { maxTokens, heapBytes } = await largestFitting(wanted, MAX_EDGE_HEAP_BYTES, async (tokens) =>
      withSlack(await measure(tokens)),
    );
    advance();
    if (maxTokens === null) throw tooLarge(int8.name, heapBytes, `${TOKENS_MIN} tokens`);
    if (maxTokens < wanted) {
      progress.note(
        `${wanted} tokens need ${mib(withSlack(await measure(wanted)))}, the edge has ${mib(MAX_EDGE_HEAP_BYTES)}: packed for up to ${maxTokens} tokens`,
      );
    }
    const points: Point[] = [];
    for (const tokens of measuredCounts(maxTokens)) {
      points.push({ tokens, value: await measure(tokens) });
      if (tokens < maxTokens) advance();
    }
    return { maxTokens, heapBytes, memoryBytes: fitTokenModel(points) };
  });
}

async function goldenOf(
  ort: Uint8Array,
  { int8, vocabularySize, labelCount }: EdgeRequest,
  { maxTokens, heapBytes }: { maxTokens: number; heapBytes: number },
): Promise<EdgeEntry["golden"]> {
  const model = await openEdgeModel(ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  return GOLDEN_TOKENS.filter((tokens) => tokens <= maxTokens).map((tokens) => {
    const tokenIds = sampleIds(tokens, vocabularySize);
    const logits = Array.from(model.run(tokenIds));
    if (logits.length !== labelCount || !logits.every(Number.isFinite)) {
      throw new PackError(
        `${int8.name} gives ${logits.length} logits (${logits.slice(0, 3).join(", ")} …), its FP32 model ${labelCount}; ${ADVICE}.`,
      );
    }
    return { tokenIds, logits };
  });
}

function measuredCounts(maxTokens: number): number[] {
  return MEASURED_SHARES.map((share) => Math.ceil(maxTokens * share));
}

function tooLarge(name: string, neededBytes: number, forWhat: string): PackError {
  return new PackError(
    `${name} needs ${mib(neededBytes)} of wasm heap for ${forWhat}; the edge has ${mib(MAX_EDGE_HEAP_BYTES)}. Use a smaller model, or pack it for the origin alone with --origin-only.`,
  );
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** ONNX → ORT format with onnxruntime-node: no Python, and the Worker need not optimize the graph at each cold start. */

/** Level `extended`: `all` would bake in the hardware of the machine that packs. @throws ONNX Runtime's own errors */
export async function toOrt(onnxFile: string, ortFile: string): Promise<void> {
  const session = await InferenceSession.create(onnxFile, {
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: ortFile,
    extra: { session: { save_model_format: "ORT" } },
    logSeverityLevel: 4,
  });
  await session.release();
}
