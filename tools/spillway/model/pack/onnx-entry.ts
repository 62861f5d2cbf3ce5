/** What onnxruntime-web needs to serve a package: the INT8 model in ORT format, its resources, and the logits it must compute. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { type EdgeEntry, MAX_EDGE_HEAP_BYTES } from "../../../../formats/model-package/manifest.ts";
import { HEAP_MIN_BYTES, OrtError } from "../../../../gateway/edge/onnx/runtime.ts";
import type { Progress } from "../../terminal/progress.ts";
import { compileEdgeWasm, openEdgeModel } from "./edge-runtime.ts";
import { GOLDEN_TOKENS, goldenOf } from "./golden.ts";
import { TIME_ROUNDS } from "./in-workerd/measure-times.ts";
import type { Int8Model } from "./int8.ts";
import { gapLengths } from "./logit-gap.ts";
import {
  fitTokenModel,
  type MeasuredModel,
  measuredCounts,
  measureHeapBytes,
  type Point,
  runsIn,
  wholePages,
} from "./measure.ts";
import { ortFailure, PackError } from "./pack-error.ts";
import type { PackTools } from "./pack-tools.ts";
import type { Staging } from "./staging.ts";
import { largestFitting, MIN_TOKENS, withRoomForSeveral } from "./token-limit.ts";

const FILE = "edge.ort";
const ENGINE = "onnxruntime-web";
const MIB = 2 ** 20;
/** Added to the heap that runs use beside the weights, for sequences of lengths that were not measured. */
const WORKING_SLACK = 0.05;
/** The same wasm computes the same bits everywhere. The tolerance is for a later ONNX Runtime that rounds differently. */
const GOLDEN_TOLERANCE = 1e-3;
const RUNTIME = "The edge's ONNX Runtime";
const ADVICE = "pass another INT8 file with --quantized, or pack for the origin only with --origin-only";

export interface OnnxRequest extends Pick<PackTools, "measureTimes"> {
  int8: Int8Model;
  labelCount: number;
  vocabularySize: number;
  /** Most tokens wanted; the package gets fewer if they do not fit. */
  maxTokens: number;
}

/** @throws PackError with the reason and the numbers if the model cannot be served at the edge */
export async function makeOnnxEntry(
  request: OnnxRequest,
  staging: Staging,
  progress: Progress,
): Promise<{ entry: EdgeEntry; run: (tokenIds: readonly number[]) => Float32Array }> {
  const { int8, vocabularySize } = request;
  try {
    const ort = await progress.step("converting the INT8 model to ORT format", 1, async () => {
      await toOrt(int8.path, join(staging.package, FILE));
      return await readFile(join(staging.package, FILE));
    });
    if (ort.byteLength > MAX_EDGE_HEAP_BYTES[ENGINE]) throw tooLarge(int8.name, ort.byteLength, "its weights");
    const model = { wasm: await compileEdgeWasm(), ort, vocabularySize };
    const heap = await measureHeap(model, request, progress);
    const timed = { ...heap, engine: ENGINE, file: join(staging.package, FILE), vocabularySize } as const;
    const times = await progress.step("measuring the time of a run in workerd", TIME_ROUNDS, (advance) =>
      request.measureTimes(timed, measuredCounts(heap.maxTokens), { ...staging, onRound: advance }),
    );
    const limits = { initialBytes: heap.heapBytes, maximumBytes: heap.heapBytes };
    const { run } = await openEdgeModel(model.wasm, ort, limits);
    const golden = goldenOf(run, int8.name, { ...request, maxTokens: heap.maxTokens, advice: ADVICE });
    const timeMs = fitTokenModel(times);
    return {
      entry: { file: FILE, engine: ENGINE, ...heap, timeMs, golden, goldenTolerance: GOLDEN_TOLERANCE },
      run: (tokenIds) => {
        try {
          return run(tokenIds);
        } catch (error) {
          throw ortFailure(RUNTIME, int8.name, ADVICE, error);
        }
      },
    };
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw ortFailure(RUNTIME, int8.name, ADVICE, error);
  }
}

/** Opens a model that will not be part of the package. @throws OrtError, and ONNX Runtime's own errors */
export async function openForComparison(
  { path }: Int8Model,
  { work }: Staging,
  progress: Progress,
): Promise<(tokenIds: readonly number[]) => Float32Array> {
  return await progress.step("opening the INT8 model, to compare with", 1, async () => {
    const file = join(work, FILE);
    await toOrt(path, file);
    const limits = { initialBytes: 0, maximumBytes: MAX_COMPARED_BYTES };
    return (await openEdgeModel(await compileEdgeWasm(), await readFile(file), limits)).run;
  });
}

/** Of the heap of a model that is only compared with: it need not fit in an isolate. */
const MAX_COMPARED_BYTES = 2 ** 31;

async function measureHeap(model: MeasuredModel, { int8, maxTokens: wanted }: OnnxRequest, progress: Progress) {
  const measured = new Map<number, number>();
  const measure = async (tokens: number) => {
    const bytes =
      measured.get(tokens) ?? (await measureHeapBytes(model, tokens).catch(tooLong(int8.name, tokens, model)));
    measured.set(tokens, bytes);
    return bytes;
  };
  const withSlack = (bytes: number) =>
    Math.max(HEAP_MIN_BYTES, wholePages(bytes + (bytes - model.ort.byteLength) * WORKING_SLACK));
  return await progress.step("measuring the wasm heap of a run", measuredCounts(1).length, async (advance) => {
    const need = async (tokens: number) => withSlack(await measure(tokens));
    const most = MAX_EDGE_HEAP_BYTES[ENGINE];
    const longest = await largestFitting(wanted, most, need);
    advance();
    const { maxTokens, heapBytes } = await withRoomForSeveral(longest, most, {
      measure: need,
      runs: (bytes, tokens) => runsIn(bytes, model, trialLengths(tokens)),
    });
    if (maxTokens === null) throw tooLarge(int8.name, heapBytes, `${MIN_TOKENS} tokens`);
    if (maxTokens < wanted) {
      progress.note(
        `${wanted} tokens need ${mib(await need(wanted))}, the edge has ${mib(most)}: packed for up to ${maxTokens} tokens`,
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

/**
 * An error of a run, as it is thrown again: with the length, if a short text can be run.
 * @throws PackError with the length; otherwise the error itself
 */
function tooLong(name: string, tokens: number, model: MeasuredModel): (error: unknown) => Promise<never> {
  return async (error) => {
    const isOfLength = error instanceof OrtError && !error.outOfMemory && tokens > MIN_TOKENS;
    const runsShort = isOfLength && (await measureHeapBytes(model, MIN_TOKENS).then(Boolean, () => false));
    if (!runsShort) throw error;
    throw new PackError(
      `${name} cannot run a text of ${tokens} tokens at the edge, and the FP32 model can (${error.message.split("\n")[0]}); allow fewer with --max-tokens, or ${ADVICE}.`,
      error,
    );
  };
}

/** The lengths of the texts that are run when packing and loading, in their order. */
function trialLengths(maxTokens: number): number[] {
  return [...GOLDEN_TOKENS.filter((tokens) => tokens <= maxTokens), ...gapLengths(maxTokens)];
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
