/** A model folder → a package: files for both sides, what was measured, and a manifest that names every byte. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, realpath, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { type Manifest, manifestSchema } from "../../../../formats/model-package/manifest.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import type { Progress } from "../../terminal/progress.ts";
import { type EdgeEntry, makeEdge } from "./edge.ts";
import { findInt8 } from "./int8.ts";
import { makeOrigin } from "./origin.ts";
import { readSourceFolder, readTokenizerFiles } from "./source-folder.ts";
import { withStaging } from "./staging.ts";

/** The edge takes no longer texts, whatever fits: docs/internals/memory.md */
export const EDGE_TOKENS_MAX = 256;

export interface PackOptions {
  /** The model: config.json, tokenizer.json, model.onnx and perhaps model_quantized.onnx. */
  folder: string;
  out: string;
  /** Default: the out folder's. */
  name?: string | undefined;
  /** Default: one more than that of the package at `out`, else 1. */
  version?: number | undefined;
  /** The most tokens at the edge. Default: 256. */
  maxTokens?: number | undefined;
  /** An INT8 file, wherever it lies. */
  quantized?: string | undefined;
  /** No edge file: every text goes to the origin. */
  originOnly?: boolean | undefined;
}

export interface Packed {
  /** `<name>@<sha256 of the manifest>` */
  modelId: string;
  manifest: Manifest;
  /** For people: what happened to each graph. */
  firstToken: readonly string[];
  /** How far the INT8 logits lie from FP32 on the golden tokens: large when the two files are of different models. */
  largestGap: number | null;
}

/** Writes the package into `out`, whole or not at all. @throws Error with one sentence for people */
export async function packModel(options: PackOptions, progress: Progress): Promise<Packed> {
  const { folder, out, maxTokens = EDGE_TOKENS_MAX } = options;
  await mustDiffer(folder, out);
  const { name, version, stale } = await identify(out, options.name, options.version);
  const source = await readSourceFolder(folder, options.quantized);
  const { vocabularySize, maxPositions, problemType, assumptions } = source.config;
  const tokenizer = await readTokenizerFiles(source.tokenizer, source.tokenizerConfig, vocabularySize);
  const makeInt8 = options.originOnly ? null : await findInt8(source);
  for (const assumption of assumptions) progress.note(assumption);
  return await withStaging(out, stale, async (staging) => {
    const origin = await makeOrigin(source, staging, progress);
    const labelCount = origin.labels.length;
    const int8 = makeInt8 && (await makeInt8(origin.path, staging, progress));
    const wish = { labelCount, vocabularySize, maxTokens: Math.min(maxTokens, maxPositions) };
    const edge = int8 && (await makeEdge({ int8, ...wish }, staging, progress));
    await writeFile(join(staging.package, "tokenizer.json"), tokenizer.tokenizer);
    await writeFile(join(staging.package, "tokenizer_config.json"), tokenizer.config);
    const names = [...(edge ? [edge.file] : []), origin.file, "tokenizer.json", "tokenizer_config.json"];
    const manifest = manifestSchema.parse({
      format: "spillway-model/1",
      name,
      version,
      labels: [...origin.labels],
      problemType,
      tokenizer: { file: "tokenizer.json", configFile: "tokenizer_config.json" },
      edge,
      origin: { file: origin.file },
      files: await Promise.all(names.map((file) => describeFile(staging.package, file))),
    } satisfies Manifest);
    const digest = await writeManifest(staging.package, manifest);
    const firstToken = [origin.firstToken, ...(int8 ? [int8.firstToken] : [])];
    const largestGap = edge && (await goldenGap(edge.golden, origin.infer));
    return { modelId: `${name}@${digest}`, manifest, firstToken, largestGap };
  });
}

async function goldenGap(golden: EdgeEntry["golden"], infer: Infer): Promise<number> {
  const rows = await infer(golden.map(({ tokenIds }) => tokenIds));
  const gaps = golden.flatMap(({ logits }, row) => logits.map((logit, at) => Math.abs(logit - (rows[row]?.[at] ?? 0))));
  return Math.max(...gaps);
}

/** Resolves to the SHA-256 of its bytes. */
async function writeManifest(folder: string, manifest: Manifest): Promise<string> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeFile(join(folder, "manifest.json"), text);
  return createHash("sha256").update(text).digest("hex");
}

async function mustDiffer(folder: string, out: string): Promise<void> {
  const [from, to] = await Promise.all([folder, out].map((path) => realpath(path).catch(() => null)));
  if (from !== null && from === to) throw new Error(`${out} is the model's own folder; name another one with --out.`);
}

/** Name and version of a new package, from what the user said and from the package that stands in its place. */

const NAME = /^[a-z0-9][a-z0-9-]*$/;
/** Made by spillway model sign over the old files. */
const SIGNATURE = "model.sig";

/** As little as older formats have. */
const olderSchema = z.object({
  version: z.int().min(1).optional(),
  files: z.array(z.object({ name: z.string().regex(/^[^/\\]+$/) })),
});

export interface Identity {
  name: string;
  version: number;
  /** Files of the package that stands in this one's place: they go with it. */
  stale: readonly string[];
}

/** @throws Error with one sentence for people */
export async function identify(out: string, name = basename(resolve(out)), version?: number): Promise<Identity> {
  if (!NAME.test(name)) {
    throw new Error(`"${name}" cannot be a model's name: use lowercase letters, digits and dashes, with --name.`);
  }
  const older = await readOlder(out);
  return {
    name,
    version: version ?? (older?.version ?? 0) + 1,
    stale: older === null ? [] : [...older.files.map((file) => file.name), SIGNATURE],
  };
}

async function readOlder(out: string): Promise<z.infer<typeof olderSchema> | null> {
  const path = join(out, "manifest.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) {
    await mustBeEmpty(out);
    return null;
  }
  const older = olderSchema.safeParse(parseJson(text));
  if (older.success) return older.data;
  throw new Error(`${path} is not a package's manifest; move it away, or choose another folder with --out.`);
}

/** A folder that holds something else is not ours to write into: its tokenizer.json would be gone. */
async function mustBeEmpty(out: string): Promise<void> {
  const entries = await readdir(out).catch(() => []);
  if (entries.length === 0) return;
  throw new Error(`${out} is not empty and holds no package; choose another folder with --out.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Files by their bytes. */

/** Size and digest of a file, as a manifest lists them. @throws the file system's own error */
export async function describeFile(folder: string, name: string): Promise<Manifest["files"][number]> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(folder, name), { highWaterMark: 2 ** 20 })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { name, sizeBytes, sha256: hash.digest("hex") };
}
