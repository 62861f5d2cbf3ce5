/** Makes a package from a model folder: files for both sides, the measurements, and a manifest that lists every file. */
import { readdir, realpath, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../../formats/json.ts";
import { type EdgeEngineId, type Manifest, manifestSchema } from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, MODEL_NAME, modelIdOf } from "../../../../formats/model-package/names.ts";
import { WINDOW_TOKENS } from "../../../../formats/origin-wire.ts";
import { sha256Hex } from "../../../../formats/sha256.ts";
import { readUserText } from "../../../process/read-text.ts";
import type { Progress } from "../../terminal/progress.ts";
import { hashFile } from "../hash-file.ts";
import { checkTokenTypes } from "./check-token-types.ts";
import { type EdgeOptions, type EdgePart, type EdgeReport, makeEdge, planEdge } from "./edge.ts";
import { inspectFloat, makeOrigin, type OriginPart } from "./origin.ts";
import { PackError } from "./pack-error.ts";
import { type PackTools, packTools } from "./pack-tools.ts";
import { Refusals } from "./refusals.ts";
import { readSourceFolder } from "./source-folder.ts";
import { type Staging, withStaging } from "./staging.ts";

const TOKENIZER_FILE = "tokenizer.json";
const TOKENIZER_CONFIG_FILE = "tokenizer_config.json";

export interface PackOptions {
  /** The model: config.json, tokenizer.json, model.onnx, and optionally model_quantized.onnx. */
  folder: string;
  out: string;
  /** Default: the name of the out folder. */
  name?: string | undefined;
  /** Default: one more than the version of the package in `out`, otherwise 1. */
  version?: number | undefined;
  /** Most tokens at the edge. Default: what fits, up to the default of the engine. */
  maxTokens?: number | undefined;
  /** Default: spillway-engine if it can serve the model, otherwise onnxruntime-web. */
  engine?: EdgeEngineId | undefined;
  /** Stores onnxruntime-web's file beside spillway-engine's. */
  withFallback?: boolean | undefined;
  /** Path of an INT8 file for onnxruntime-web outside the usual places. */
  quantized?: string | undefined;
  /** Makes no edge file: every text goes to the origin. */
  originOnly?: boolean | undefined;
  /** Packs an INT8 model whose logits are beyond the bound, and records that in the manifest. */
  acceptGap?: boolean | undefined;
}

export interface Packed {
  /** `<name>@<SHA-256 of the manifest>` */
  modelId: string;
  manifest: Manifest;
  /** What happened to each graph, for people. */
  firstToken: readonly string[];
  /** Null if the package is for the origin only. */
  edge: EdgeReport | null;
}

/**
 * Writes the package into `out`, completely or not at all.
 * @throws Error with one sentence; if there are several reasons, one with a line for each
 */
export async function packModel(
  options: PackOptions,
  progress: Progress,
  { checkTokenizer, measureTimes, measureWindowMs }: PackTools = packTools,
): Promise<Packed> {
  const { folder, out } = options;
  await checkDifferent(folder, out);
  const refusals = new Refusals();
  const identity = await refusals.check(() => identify(out, options));
  const checkedOptions = await refusals.check(() => ({ edge: edgeOptionsOf(options) }));
  const { source, tokenizer } = await readSourceFolder(folder, options.quantized, refusals, checkTokenizer);
  if (source === null || identity === null || checkedOptions === null) return refusals.fail();
  const { edge: edgeOptions } = checkedOptions;
  return await withStaging(out, identity.stale, async (staging) => {
    const model = await refusals.check(() => inspectFloat(source, staging, progress));
    const plan = model && edgeOptions && (await refusals.check(() => planEdge(source, model, edgeOptions, progress)));
    refusals.throwIfAny();
    if (model === null || tokenizer === null) return refusals.fail();
    for (const assumption of [...source.config.assumptions, ...tokenizer.notes]) progress.note(assumption);
    const origin = await makeOrigin(source, model, staging, progress);
    const acceptsPairs = await checkTokenTypes(tokenizer, origin.infer, source.float);
    if (!acceptsPairs) {
      progress.note(
        "The model cannot run the token types of pairs: pairs are refused with 422. Single texts are served",
      );
    }
    const request = edgeOptions && { ...edgeOptions, source, origin, measureTimes };
    const made = plan && request && (await makeEdge(plan, request, staging, progress));
    await writeFile(join(staging.package, TOKENIZER_FILE), tokenizer.tokenizer);
    await writeFile(join(staging.package, TOKENIZER_CONFIG_FILE), tokenizer.config);
    // The time of the edge's model stands for both sides.
    const windowMs = made === null ? await measureWindowMs(origin, source.vocabularySize) : null;
    const { problemType } = source.config;
    return await writeManifest({ identity, problemType, origin, windowMs, made, acceptsPairs }, staging);
  });
}

interface Parts {
  identity: Identity;
  problemType: Manifest["problemType"];
  origin: OriginPart;
  windowMs: number | null;
  made: EdgePart | null;
  acceptsPairs: boolean;
}

async function writeManifest({ acceptsPairs, ...parts }: Parts, staging: Staging): Promise<Packed> {
  const { identity, problemType, origin, windowMs, made } = parts;
  const { name, version } = identity;
  const { edge = null, edgeFallback = null, report = null, acceptedGaps = [] } = made ?? {};
  const edgeFiles = [edge, edgeFallback].flatMap((entry) => (entry === null ? [] : [entry.file]));
  const names = [...edgeFiles, origin.file, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE];
  const { file, windowTokens } = origin;
  const manifest = manifestSchema.parse({
    format: "spillway-model/1",
    name,
    version,
    labels: [...origin.labels],
    problemType,
    tokenizer: { file: TOKENIZER_FILE, configFile: TOKENIZER_CONFIG_FILE },
    edge,
    edgeFallback,
    // Only what differs, so that earlier versions of the gateway read the package.
    origin: {
      file,
      ...(windowTokens !== WINDOW_TOKENS && { windowTokens }),
      ...(windowMs !== null && { windowMs }),
    },
    ...(!acceptsPairs && { acceptsPairs }),
    ...(acceptedGaps.length > 0 && { acceptedGaps: [...acceptedGaps] }),
    files: await Promise.all(names.map((each) => hashFile(staging.package, each))),
  } satisfies Manifest);
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeFile(join(staging.package, MANIFEST_FILE), text);
  return {
    modelId: modelIdOf(name, sha256Hex(text)),
    manifest,
    firstToken: [origin.firstToken, ...(report?.firstToken ? [report.firstToken] : [])],
    edge: report,
  };
}

/** Null for the origin only. @throws PackError for options that would be ignored */
function edgeOptionsOf(options: PackOptions): EdgeOptions | null {
  const { originOnly, engine, withFallback, quantized, maxTokens, acceptGap } = options;
  if (!originOnly) {
    return {
      engine: engine ?? null,
      withFallback: withFallback ?? false,
      hasChosenInt8: quantized !== undefined,
      maxTokens: maxTokens ?? null,
      acceptGap: acceptGap ?? false,
    };
  }
  const ignored = {
    "--engine": engine,
    "--with-fallback": withFallback,
    "--quantized": quantized,
    "--accept-gap": acceptGap,
  };
  const [given] = Object.entries(ignored).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (given === undefined) return null;
  throw new PackError(`${given} is for the edge, and --origin-only makes no edge file; leave one of them out.`);
}

async function checkDifferent(folder: string, out: string): Promise<void> {
  const [from, to] = await Promise.all([folder, out].map((path) => realpath(path).catch(() => null)));
  if (from !== null && from === to) throw new Error(`${out} is the model's own folder; pass another one with --out.`);
}

/** The part of an older package's manifest that every version of the format has. */
const olderSchema = z.object({
  version: z.int().min(1).optional(),
  files: z.array(z.object({ name: z.string().regex(/^[^/\\]+$/) })),
});

interface Identity {
  name: string;
  version: number;
  /** Files of the package that is replaced; they are removed. */
  stale: readonly string[];
}

/** Name and version of the new package, from the options and from the package in `out`. @throws Error with one sentence */
async function identify(out: string, options: Pick<PackOptions, "name" | "version">): Promise<Identity> {
  const { name = basename(resolve(out)) } = options;
  if (!MODEL_NAME.test(name)) {
    throw new Error(
      `"${name}" is not a valid model name: use at most 128 lowercase letters, digits and dashes, with --name.`,
    );
  }
  const older = await readOlder(out);
  return {
    name,
    version: options.version ?? (older?.version ?? 0) + 1,
    // The signature covers the old files.
    stale: older === null ? [] : [...older.files.map((file) => file.name), BUNDLE_FILE],
  };
}

async function readOlder(out: string): Promise<z.infer<typeof olderSchema> | null> {
  const path = join(out, MANIFEST_FILE);
  const text = await readUserText(path).catch((error: unknown) => {
    // The file system's: there is none.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  });
  if (text === null) {
    await checkEmpty(out);
    return null;
  }
  const older = olderSchema.safeParse(parseJson(text));
  if (older.success) return older.data;
  throw new Error(`${path} is not a package's manifest; move it, or pass another folder with --out.`);
}

/** Packing into a folder with other files could overwrite them: its tokenizer.json, for example. */
async function checkEmpty(out: string): Promise<void> {
  const entries = await readdir(out).catch(() => []);
  if (entries.length === 0) return;
  throw new Error(`${out} is not empty and has no package; pass another folder with --out.`);
}
