/** Makes a package from a model folder: files for both sides, the measurements, and a manifest that lists every file. */
import { readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../../formats/json.ts";
import { type EdgeEntry, type Manifest, manifestSchema } from "../../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, MODEL_NAME, modelIdOf } from "../../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../../formats/sha256.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import type { Progress } from "../../terminal/progress.ts";
import { hashFile } from "../hash-file.ts";
import { makeEdge } from "./edge.ts";
import { findInt8 } from "./int8.ts";
import { makeOrigin } from "./origin.ts";
import { readSourceFolder, readTokenizerFiles } from "./source-folder.ts";
import { withStaging } from "./staging.ts";

/** The edge accepts no longer texts, even if they fit (docs/internals/memory.md). */
export const MAX_EDGE_TOKENS = 256;

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
  /** Most tokens at the edge. Default: MAX_EDGE_TOKENS. */
  maxTokens?: number | undefined;
  /** Path of an INT8 file outside the usual places. */
  quantized?: string | undefined;
  /** Makes no edge file: every text goes to the origin. */
  originOnly?: boolean | undefined;
}

export interface Packed {
  /** `<name>@<SHA-256 of the manifest>` */
  modelId: string;
  manifest: Manifest;
  /** What happened to each graph, for people. */
  firstToken: readonly string[];
  /** Largest difference between INT8 and FP32 logits on the golden tokens: large if the files are of different models. */
  largestGap: number | null;
}

/** Writes the package into `out`, completely or not at all. @throws Error with one sentence */
export async function packModel(options: PackOptions, progress: Progress): Promise<Packed> {
  const { folder, out, maxTokens = MAX_EDGE_TOKENS } = options;
  await checkDifferent(folder, out);
  const { name, version, stale } = await identify(out, options);
  const source = await readSourceFolder(folder, options.quantized);
  const { vocabularySize, maxPositions, problemType, assumptions } = source.config;
  const tokenizer = await readTokenizerFiles(source.tokenizer, source.tokenizerConfig, vocabularySize);
  const makeInt8 = options.originOnly ? null : await findInt8(source);
  for (const assumption of assumptions) progress.note(assumption);
  return await withStaging(out, stale, async (staging) => {
    const origin = await makeOrigin(source, staging, progress);
    const labelCount = origin.labels.length;
    const int8 = makeInt8 && (await makeInt8(origin.path, staging, progress));
    const request = { labelCount, vocabularySize, maxTokens: Math.min(maxTokens, maxPositions) };
    const edge = int8 && (await makeEdge({ int8, ...request }, staging, progress));
    await writeFile(join(staging.package, TOKENIZER_FILE), tokenizer.tokenizer);
    await writeFile(join(staging.package, TOKENIZER_CONFIG_FILE), tokenizer.config);
    const names = [...(edge ? [edge.file] : []), origin.file, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE];
    const manifest = manifestSchema.parse({
      format: "spillway-model/1",
      name,
      version,
      labels: [...origin.labels],
      problemType,
      tokenizer: { file: TOKENIZER_FILE, configFile: TOKENIZER_CONFIG_FILE },
      edge,
      edgeFallback: null,
      origin: { file: origin.file },
      files: await Promise.all(names.map((file) => hashFile(staging.package, file))),
    } satisfies Manifest);
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await writeFile(join(staging.package, MANIFEST_FILE), text);
    return {
      modelId: modelIdOf(name, sha256Hex(text)),
      manifest,
      firstToken: [origin.firstToken, ...(int8 ? [int8.firstToken] : [])],
      largestGap: edge && (await goldenGap(edge.golden, origin.infer)),
    };
  });
}

async function goldenGap(golden: EdgeEntry["golden"], infer: Infer): Promise<number> {
  const rows = await infer(golden.map(({ tokenIds }) => tokenIds));
  const gaps = golden.flatMap(({ logits }, row) => logits.map((logit, at) => Math.abs(logit - (rows[row]?.[at] ?? 0))));
  return Math.max(...gaps);
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
    throw new Error(`"${name}" is not a valid model name: use lowercase letters, digits and dashes, with --name.`);
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
  const text = await readFile(path, "utf8").catch(() => null);
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
