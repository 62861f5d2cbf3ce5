/** What spillway-engine needs to serve a package: its weights, the memory and time of runs, and the logits it must compute. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { longestText } from "../../../../engine/format/architecture.ts";
import { decodeHeader, type Header, MAX_LANE_SUM, readHeaderBytes } from "../../../../engine/format/header.ts";
import type { EncoderWeights } from "../../../../engine/pack/encoder-weights.ts";
import { quantizeEncoder } from "../../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../../engine/pack/write-weights.ts";
import { planMemory } from "../../../../engine/plan-memory.ts";
import { type EdgeEntry, MAX_EDGE_HEAP_BYTES } from "../../../../formats/model-package/manifest.ts";
import type { Progress } from "../../terminal/progress.ts";
import { compileEngineWasm, openEngineModel } from "./engine-runtime.ts";
import { goldenOf } from "./golden.ts";
import { TIME_ROUNDS } from "./in-workerd/measure-times.ts";
import { fitTokenModel, measuredCounts } from "./measure.ts";
import type { PackTools } from "./pack-tools.ts";
import type { Staging } from "./staging.ts";
import { largestFitting, MIN_TOKENS } from "./token-limit.ts";

const FILE = "edge.weights";
const ENGINE = "spillway-engine";
/** Most tokens of a package that does not ask for another number, and has room. */
export const DEFAULT_TOKENS = 512;
const MIB = 2 ** 20;
/**
 * The products are the same integers everywhere. The functions between them may round differently where a machine does not fuse
 * multiplication and addition, and a number at the edge of two steps of 7 bits then takes the other one.
 */
const GOLDEN_TOLERANCE = 0.02;

export interface EngineRequest extends Pick<PackTools, "measureTimes"> {
  weights: EncoderWeights;
  /** The FP32 file, for messages. */
  name: string;
  labelCount: number;
  vocabularySize: number;
  /** Most tokens wanted; null: as many as fit, up to DEFAULT_TOKENS. */
  maxTokens: number | null;
}

export interface EngineEntry {
  entry: EdgeEntry;
  run: (tokenIds: readonly number[]) => Float32Array;
  /** The largest sum of weights of one sign in a 16-bit lane; the engine refuses more than MAX_LANE_SUM. */
  largestLaneSum: number;
}

/** @returns the entry, or why the model does not fit, in one sentence. @throws PackError */
export async function makeEngineEntry(
  request: EngineRequest,
  staging: Staging,
  progress: Progress,
): Promise<EngineEntry | { tooLarge: string }> {
  const { weights, name, vocabularySize } = request;
  const path = join(staging.package, FILE);
  const { bytes, largestLaneSum } = await progress.step(`quantizing ${name} for ${ENGINE}`, 1, async () =>
    writeWeights(quantizeEncoder(weights)),
  );
  const header = decodeHeader(bytes.subarray(0, readHeaderBytes(bytes)));
  const limit = await tokensThatFit(header, request.maxTokens, progress);
  if ("tooLarge" in limit) return limit;
  const { maxTokens, heapBytes } = limit;
  await writeFile(path, bytes);
  // Loading verifies checksums and every lane of every matrix.
  const { run } = openEngineModel(await compileEngineWasm(), bytes, maxTokens);
  const counts = measuredCounts(maxTokens);
  const timed = { engine: ENGINE, file: path, maxTokens, heapBytes, vocabularySize } as const;
  const times = await progress.step("measuring the time of a run in workerd", TIME_ROUNDS, (advance) =>
    request.measureTimes(timed, counts, { ...staging, onRound: advance }),
  );
  const memory = counts.map((tokens) => ({ tokens, value: planMemory(header, tokens).totalBytes }));
  const advice = `serve it with onnxruntime-web: --engine onnxruntime-web`;
  return {
    entry: {
      file: FILE,
      engine: ENGINE,
      maxTokens,
      heapBytes,
      memoryBytes: fitTokenModel(memory),
      timeMs: fitTokenModel(times),
      golden: goldenOf(run, name, { ...request, maxTokens, advice }),
      goldenTolerance: GOLDEN_TOLERANCE,
    },
    run,
    largestLaneSum,
  };
}

/** The lane bound in words, for people. */
export function laneBound(largestLaneSum: number): string {
  return `the fullest 16-bit lane sums to ${largestLaneSum}, at most ${MAX_LANE_SUM} cannot overflow`;
}

async function tokensThatFit(
  header: Header,
  asked: number | null,
  progress: Progress,
): Promise<{ maxTokens: number; heapBytes: number } | { tooLarge: string }> {
  const wanted = Math.min(asked ?? DEFAULT_TOKENS, longestText(header.architecture));
  const most = MAX_EDGE_HEAP_BYTES[ENGINE];
  const need = (tokens: number) => planMemory(header, tokens).totalBytes;
  const { maxTokens, heapBytes } = await largestFitting(wanted, most, async (tokens) => need(tokens));
  if (maxTokens === null) {
    return {
      tooLarge: `it needs ${mib(heapBytes)} of memory for ${MIN_TOKENS} tokens, and ${ENGINE} has ${mib(most)}`,
    };
  }
  if (maxTokens < wanted) {
    progress.note(
      `${wanted} tokens need ${mib(need(wanted))}, ${ENGINE} has ${mib(most)}: packed for up to ${maxTokens} tokens`,
    );
  }
  return { maxTokens, heapBytes };
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
