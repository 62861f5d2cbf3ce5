/** The edge's part of a package: the INT8 model in ORT format, the resources it needs, and the logits it must compute. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { type EdgeEntry, MAX_EDGE_HEAP_BYTES } from "../../../../formats/model-package/manifest.ts";
import { HEAP_MIN_BYTES } from "../../../../gateway/edge/onnx/runtime.ts";
import type { Progress } from "../../terminal/progress.ts";
import { compileEdgeWasm, openEdgeModel } from "./edge-runtime.ts";
import type { Int8Model } from "./int8.ts";
import {
  fitTokenModel,
  type MeasuredModel,
  measureHeapBytes,
  measureTimeMs,
  type Point,
  sampleIds,
  TIME_ROUNDS,
  wholePages,
} from "./measure.ts";
import { ortFailure, PackError } from "./pack-error.ts";
import type { Staging } from "./staging.ts";
import { largestFitting, MIN_TOKENS } from "./token-limit.ts";

const FILE = "edge.ort";
const ENGINE = "onnxruntime-web";
const MIB = 2 ** 20;
/** Added to the heap that runs use beside the weights, for sequences of lengths that were not measured. */
const WORKING_SLACK = 0.05;
/** The measured lengths, as shares of the longest. */
const MEASURED_SHARES = [1 / 16, 1 / 4, 1 / 2, 1] as const;
const GOLDEN_TOKENS = [4, 16, 32] as const;
/** The same wasm computes the same bits everywhere. The tolerance is for a later ONNX Runtime that rounds differently. */
const GOLDEN_TOLERANCE = 1e-3;
const RUNTIME = "The edge's ONNX Runtime";
const ADVICE = "pass another INT8 file with --quantized, or pack for the origin only with --origin-only";

export interface EdgeRequest {
  int8: Int8Model;
  labelCount: number;
  vocabularySize: number;
  /** Most tokens wanted; the package gets fewer if they do not fit. */
  maxTokens: number;
}

/** @throws PackError with the reason and the numbers if the model cannot be served at the edge */
export async function makeEdge(request: EdgeRequest, staging: Staging, progress: Progress): Promise<EdgeEntry> {
  const { int8, vocabularySize } = request;
  try {
    const ort = await progress.step("converting the INT8 model to ORT format", 1, async () => {
      await toOrt(int8.path, join(staging.package, FILE));
      return await readFile(join(staging.package, FILE));
    });
    if (ort.byteLength > MAX_EDGE_HEAP_BYTES[ENGINE]) throw tooLarge(int8.name, ort.byteLength, "its weights");
    const model = { wasm: await compileEdgeWasm(), ort, vocabularySize };
    const heap = await measureHeap(model, request, progress);
    const counts = measuredCounts(heap.maxTokens);
    const times = await progress.step("measuring the time of a run", TIME_ROUNDS, (advance) =>
      measureTimeMs(model, heap.heapBytes, counts, advance),
    );
    const golden = await goldenOf(model, request, heap);
    return {
      file: FILE,
      engine: ENGINE,
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

async function measureHeap(model: MeasuredModel, { int8, maxTokens: wanted }: EdgeRequest, progress: Progress) {
  const measured = new Map<number, number>();
  const measure = async (tokens: number) => {
    const bytes = measured.get(tokens) ?? (await measureHeapBytes(model, tokens));
    measured.set(tokens, bytes);
    return bytes;
  };
  const withSlack = (bytes: number) =>
    Math.max(HEAP_MIN_BYTES, wholePages(bytes + (bytes - model.ort.byteLength) * WORKING_SLACK));
  return await progress.step("measuring the wasm heap of a run", MEASURED_SHARES.length, async (advance) => {
    const { maxTokens, heapBytes } = await largestFitting(wanted, MAX_EDGE_HEAP_BYTES[ENGINE], async (tokens) =>
      withSlack(await measure(tokens)),
    );
    advance();
    if (maxTokens === null) throw tooLarge(int8.name, heapBytes, `${MIN_TOKENS} tokens`);
    if (maxTokens < wanted) {
      progress.note(
        `${wanted} tokens need ${mib(withSlack(await measure(wanted)))}, the edge has ${mib(MAX_EDGE_HEAP_BYTES[ENGINE])}: packed for up to ${maxTokens} tokens`,
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
  { wasm, ort, vocabularySize }: MeasuredModel,
  { int8, labelCount }: EdgeRequest,
  { maxTokens, heapBytes }: { maxTokens: number; heapBytes: number },
): Promise<EdgeEntry["golden"]> {
  const model = await openEdgeModel(wasm, ort, { initialBytes: heapBytes, maximumBytes: heapBytes });
  return GOLDEN_TOKENS.filter((tokens) => tokens <= maxTokens).map((tokens) => {
    const tokenIds = sampleIds(tokens, vocabularySize);
    const logits = Array.from(model.run(tokenIds));
    if (logits.length !== labelCount || !logits.every(Number.isFinite)) {
      throw new PackError(
        `${int8.name} returns ${logits.length} logits (${logits.slice(0, 3).join(", ")} …), its FP32 model ${labelCount}; ${ADVICE}.`,
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
    `${name} needs ${mib(neededBytes)} of wasm heap for ${forWhat}; the edge has ${mib(MAX_EDGE_HEAP_BYTES[ENGINE])}. Use a smaller model, or pack for the origin only with --origin-only.`,
  );
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/**
 * Converts ONNX to ORT format with onnxruntime-node, so that packing needs no Python and the Worker need not optimize the graph
 * at each cold start. The level is `extended`: `all` would add optimizations for the CPU of the machine that packs.
 * @throws ONNX Runtime's own errors
 */
export async function toOrt(onnxFile: string, ortFile: string): Promise<void> {
  const session = await InferenceSession.create(onnxFile, {
    graphOptimizationLevel: "extended",
    optimizedModelFilePath: ortFile,
    extra: { session: { save_model_format: "ORT" } },
    logSeverityLevel: 4,
  });
  await session.release();
}
