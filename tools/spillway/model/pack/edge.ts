/** The edge's part of a package: which engine serves it, and what each engine needs. */
import { basename } from "node:path";
import type { EncoderWeights } from "../../../../engine/pack/encoder-weights.ts";
import type { AcceptedGap, EdgeEngineId, EdgeEntry } from "../../../../formats/model-package/manifest.ts";
import type { Progress } from "../../terminal/progress.ts";
import { readEncoder } from "../encoder/read-encoder.ts";
import { readModel } from "../graph/model-file.ts";
import { DEFAULT_TOKENS, type EngineEntry, laneBound, makeEngineEntry } from "./engine-entry.ts";
import { findInt8, type Int8Maker, type Int8Model } from "./int8.ts";
import { describeGap, type LogitGap, measureLogitGap } from "./logit-gap.ts";
import { makeOnnxEntry, openForComparison } from "./onnx-entry.ts";
import type { FloatModel, OriginPart } from "./origin.ts";
import { PackError } from "./pack-error.ts";
import type { PackTools } from "./pack-tools.ts";
import type { SourceFolder } from "./source-folder.ts";
import type { Staging } from "./staging.ts";

/** Of onnxruntime-web, for a package that does not ask for another number (docs/internals/memory.md). */
const DEFAULT_ONNX_TOKENS = 256;

export interface EdgeOptions {
  /** Null: spillway-engine if it can serve the model. */
  engine: EdgeEngineId | null;
  /** Stores onnxruntime-web's file too, for runtimes without relaxed SIMD. */
  withFallback: boolean;
  /** Whether the INT8 file was named by the user: it is an error if no engine runs it. */
  hasChosenInt8: boolean;
  maxTokens: number | null;
  /** Packs an INT8 model beyond the bound of logit-gap.ts, and records its gap. */
  acceptGap: boolean;
}

/** Which engine serves, decided before any long work. */
export interface EdgePlan {
  /** Null: onnxruntime-web serves. */
  weights: EncoderWeights | null;
  /** Why onnxruntime-web serves; null if it was chosen, or does not serve. */
  refusal: string | null;
  makeInt8: Int8Maker | null;
}

/** @throws PackError if the options contradict one another, the engine cannot serve the model, or there is no INT8 model */
export async function planEdge(
  source: SourceFolder,
  { graph }: Pick<FloatModel, "graph">,
  options: EdgeOptions,
  progress: Progress,
): Promise<EdgePlan> {
  checkOptions(options);
  if (options.engine === "onnxruntime-web") return { weights: null, refusal: null, makeInt8: await findInt8(source) };
  const read = await progress.step(`reading ${basename(source.float)} for spillway-engine`, 1, () => tryToRead(graph));
  if ("weights" in read) {
    if (options.hasChosenInt8 && !options.withFallback) throw ignoredInt8(source);
    // An INT8 file in the folder is compared with. None is made for that.
    const isNeeded = options.withFallback || source.int8 !== null;
    return { weights: read.weights, refusal: null, makeInt8: isNeeded ? await findInt8(source) : null };
  }
  if (options.engine === "spillway-engine") throw cannotServe(source, read.refusal);
  progress.note(`onnxruntime-web serves at the edge: ${read.refusal}`);
  return { weights: null, refusal: read.refusal, makeInt8: await findInt8(source) };
}

function checkOptions({ engine, withFallback, hasChosenInt8 }: EdgeOptions): void {
  if (engine === "onnxruntime-web" && withFallback) {
    throw new PackError(
      "--with-fallback stores onnxruntime-web's file beside spillway-engine's; leave it out with --engine onnxruntime-web.",
    );
  }
  if (engine === "spillway-engine" && hasChosenInt8 && !withFallback) {
    throw new PackError(
      "--quantized names onnxruntime-web's file, and --engine spillway-engine does not use it; add --with-fallback, or leave it out.",
    );
  }
}

function ignoredInt8({ int8, float }: SourceFolder): PackError {
  return new PackError(
    `--quantized names onnxruntime-web's file, but spillway-engine serves this model and makes its weights from ${float}: ${int8} would not be used. Add --with-fallback or --engine onnxruntime-web, or leave it out.`,
  );
}

function cannotServe({ float }: SourceFolder, refusal: string): PackError {
  return new PackError(
    `spillway-engine cannot serve ${float}. ${refusal} Pack it for onnxruntime-web: --engine onnxruntime-web.`,
  );
}

/** A file that cannot be run is reported by the steps that follow. */
async function tryToRead(graph: string): Promise<Awaited<ReturnType<typeof readEncoder>>> {
  try {
    return await readEncoder(await readModel(graph), graph);
  } catch (error) {
    const [line = "it cannot be run"] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { refusal: line };
  }
}

export interface EdgePart {
  edge: EdgeEntry;
  edgeFallback: EdgeEntry | null;
  /** Beyond the bound, of what the package's engines run. */
  acceptedGaps: readonly AcceptedGap[];
  /** For people: why this engine serves, how far its logits are from FP32. */
  report: EdgeReport;
}

export interface EdgeReport {
  /** Why onnxruntime-web serves; null if it was chosen, or does not serve. */
  refusal: string | null;
  /** Null without spillway-engine. */
  laneBound: string | null;
  gaps: readonly LogitGap[];
  /** What happened to the INT8 graph; null without one. */
  firstToken: string | null;
}

interface EdgeRequest extends EdgeOptions, Pick<PackTools, "measureTimes"> {
  source: SourceFolder;
  origin: OriginPart;
}

/** What every step needs. */
interface Context extends EdgeRequest {
  staging: Staging;
  progress: Progress;
}

/** @throws PackError with the reason and the numbers if the model cannot be served at the edge */
export async function makeEdge(
  plan: EdgePlan,
  request: EdgeRequest,
  staging: Staging,
  progress: Progress,
): Promise<EdgePart> {
  const context = { ...request, staging, progress };
  if (plan.weights === null) return await withOnnx(plan, plan.refusal, context);
  const { source, origin, maxTokens, measureTimes } = request;
  const model = {
    weights: plan.weights,
    name: source.float,
    labelCount: origin.labels.length,
    vocabularySize: source.vocabularySize,
    maxTokens: Math.min(maxTokens ?? DEFAULT_TOKENS, origin.windowTokens),
    measureTimes,
  };
  const engine = await makeEngineEntry(model, staging, progress);
  if (!("tooLarge" in engine)) return await withEngine(plan, engine, context);
  if (request.engine === "spillway-engine") throw cannotServe(source, `It is too large: ${engine.tooLarge}.`);
  const refusal = `It is too large for spillway-engine: ${engine.tooLarge}.`;
  progress.note(`onnxruntime-web serves at the edge: ${refusal}`);
  return await withOnnx(plan, refusal, context);
}

async function withEngine({ makeInt8 }: EdgePlan, engine: EngineEntry, context: Context): Promise<EdgePart> {
  const gap = await gapOf(engine, context);
  const file = { name: context.source.float, isGiven: false };
  const accepted = judge(gap, file, "Pack it for onnxruntime-web: --engine onnxruntime-web.", context);
  const common = { laneBound: laneBound(engine.largestLaneSum), refusal: null };
  const made = (others: Partial<EdgePart>, firstToken: string | null, gaps: readonly LogitGap[]): EdgePart => ({
    edge: engine.entry,
    edgeFallback: null,
    acceptedGaps: accepted,
    ...others,
    report: { ...common, firstToken, gaps: [gap, ...gaps] },
  });
  if (makeInt8 === null) return made({}, null, []);
  if (!context.withFallback) return made({}, null, await comparedGap(makeInt8, engine, context));
  const fallback = await onnxEntry(makeInt8, context);
  const acceptedGaps = [...accepted, ...fallback.accepted];
  return made({ edgeFallback: fallback.entry, acceptedGaps }, fallback.int8.firstToken, [fallback.gap]);
}

async function withOnnx({ makeInt8 }: EdgePlan, refusal: string | null, context: Context): Promise<EdgePart> {
  const { entry, gap, int8, accepted } = await onnxEntry(makeInt8 ?? (await findInt8(context.source)), context);
  return {
    edge: entry,
    edgeFallback: null,
    acceptedGaps: accepted,
    report: { refusal, laneBound: null, gaps: [gap], firstToken: int8.firstToken },
  };
}

async function onnxEntry(makeInt8: Int8Maker, context: Context) {
  const { source, origin, maxTokens, measureTimes, staging, progress } = context;
  const { vocabularySize } = source;
  const int8 = await makeInt8(origin, staging, progress);
  const tokens = Math.min(maxTokens ?? DEFAULT_ONNX_TOKENS, origin.windowTokens);
  const request = { int8, labelCount: origin.labels.length, vocabularySize, maxTokens: tokens, measureTimes };
  const made = await makeOnnxEntry(request, staging, progress);
  const gap = await gapOf(made, context);
  const accepted = judge(gap, int8, "Pass the INT8 file of this model with --quantized.", context);
  return { entry: made.entry, gap, int8, accepted };
}

/**
 * The gap of an INT8 file that no engine will run. A file that cannot be compared is no reason to refuse the package; one of another
 * model is: something in the folder is not what the user believes.
 */
async function comparedGap(makeInt8: Int8Maker, engine: EngineEntry, context: Context): Promise<LogitGap[]> {
  const compared = await compare(makeInt8, engine, context);
  if (compared === null) return [];
  const { gap, int8 } = compared;
  judge(
    gap,
    int8,
    "spillway-engine does not need it: remove the file, or replace it by the INT8 file of this model.",
    context,
  );
  return [gap];
}

async function compare(
  makeInt8: Int8Maker,
  { entry }: EngineEntry,
  context: Context,
): Promise<{ gap: LogitGap; int8: Int8Model } | null> {
  const { origin, staging, progress } = context;
  try {
    const int8 = await makeInt8(origin, staging, progress);
    const run = await openForComparison(int8, staging, progress);
    const maxTokens = Math.min(entry.maxTokens, DEFAULT_ONNX_TOKENS);
    return { gap: await gapOf({ run, entry: { ...entry, engine: "onnxruntime-web", maxTokens } }, context), int8 };
  } catch (error) {
    progress.note(`The INT8 model was not compared: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function gapOf({ run, entry }: Pick<EngineEntry, "run" | "entry">, { origin, source }: Context): Promise<LogitGap> {
  const { vocabularySize } = source;
  return measureLogitGap(entry.engine, run, { infer: origin.infer, vocabularySize, maxTokens: entry.maxTokens });
}

/** @returns the gap if it is beyond the bound and accepted. @throws PackError if it is not accepted */
function judge(
  gap: LogitGap,
  file: Pick<Int8Model, "name" | "isGiven">,
  advice: string,
  { acceptGap, progress }: Context,
): AcceptedGap[] {
  const problem = describeGap(gap, file);
  if (problem === null) return [];
  if (!acceptGap) throw new PackError(`${problem}. ${advice} To pack it as it is: --accept-gap.`);
  progress.note(`accepted: ${problem}`);
  const { correlation: _, ...recorded } = gap;
  return [recorded];
}
