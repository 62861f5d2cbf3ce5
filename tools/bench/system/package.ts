/** The model package that a bench measures: the package that `npm start` serves, or a generated one of DistilBERT's size. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EdgeEntry } from "../../../formats/model-package/manifest.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { readSettings } from "../../process/local-settings.ts";
import { type LocalPackage, openLocalPackage } from "../../spillway/model/local-package.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { oneOf } from "../arguments.ts";
import type { OptionValues } from "../bench.ts";
import { writeDistilbertFolder } from "../distilbert/folder.ts";
import { BENCH_SHAPE } from "../distilbert/shape.ts";

export const MODEL_OPTION = {
  model: {
    type: "string",
    about: "the package of npm start, or a generated one of DistilBERT's size",
    value: "name",
    allowed: "default or distilbert",
  },
} as const;

export interface EdgePackage extends LocalPackage {
  edge: EdgeEntry;
  /** The same weights as a file for InferenceSession.create, for the plain Worker. */
  plainFile: string;
}

/** @throws UsageError; Error with one sentence if there is no package, or no edge model in it */
export async function openPackage(values: OptionValues): Promise<EdgePackage> {
  const model = oneOf(values, "model", ["default", "distilbert"]);
  const { folder, int8File } =
    model === "distilbert"
      ? await distilbertPackage()
      : { folder: readSettings(process.env).modelFolder, int8File: null };
  const opened = await step(`verifying the package in ${folder}`, () => openLocalPackage(folder));
  const { edge } = opened.manifest;
  if (edge === null) throw new Error(`${folder} has no edge model to measure; use a package with one.`);
  return { ...opened, edge, plainFile: int8File ?? stockFileOf(opened, edge) };
}

/** The demo model's INT8 file by ONNX Runtime's own quantizer, from the same FP32 model. */
const MAIL_TAGGER_INT8 = { name: "mail-tagger", file: "models/mail-tagger-recipe/onnxruntime-web.ort" } as const;

/** @returns a file for stock onnxruntime-web @throws Error with one sentence if there is none for this package */
function stockFileOf({ folder, manifest }: LocalPackage, edge: EdgeEntry): string {
  const entry = [edge, manifest.edgeFallback].find((one) => one?.engine === "onnxruntime-web");
  if (entry) return `${folder}/${entry.file}`;
  if (manifest.name === MAIL_TAGGER_INT8.name) return MAIL_TAGGER_INT8.file;
  throw new Error(`${folder} has no file for onnxruntime-web to compare with; pack it with --with-fallback.`);
}

/** The package is kept until one of these files changes. */
export const PACKAGE_SOURCES = [
  "tools/bench/distilbert",
  "tools/seeded-random.ts",
  "tools/spillway/model/pack",
  "tools/spillway/model/encoder",
  "tools/spillway/model/graph",
  "engine/build",
  "engine/format",
  "engine/kernels",
  "engine/pack",
  "formats/model-package/manifest.ts",
  "gateway/edge/onnx",
  "gateway/edge/spillway",
] as const;

const FOLDER = ".spillway/bench/distilbert";
/** The packer names a package after its folder. */
const PACKAGE = "distilbert";
const INT8_FILE = "model_quantized.onnx";
const MAX_PACK_MS = 10 * 60_000;
/** Longer than any bench, so that no bench still uses a package of this age. */
const STALE_AFTER_MS = 4 * 60 * 60_000;

interface DistilbertPackage {
  folder: string;
  /** The INT8 model before packing. */
  int8File: string;
}

/**
 * A package of DistilBERT's size with random weights. The first call needs one to two minutes and about 400 MB of disk.
 * @throws Error with one sentence if it cannot be packed
 */
async function distilbertPackage(): Promise<DistilbertPackage> {
  const hash = await hashSources(PACKAGE_SOURCES);
  const cached = join(FOLDER, hash.slice(0, 12));
  if (!(await exists(cached))) {
    await removeStale();
    await makePackage(cached);
  }
  return { folder: join(cached, PACKAGE), int8File: join(cached, INT8_FILE) };
}

/** Makes the package in a temporary folder and renames it, because two benches may need it at once. */
async function makePackage(target: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const making = await mkdtemp(join(FOLDER, "making-"));
  try {
    const source = join(making, "source");
    await step("generating a model of DistilBERT's size with random weights", () =>
      writeDistilbertFolder(source, BENCH_SHAPE),
    );
    // Not in the folder while it is packed: onnxruntime's INT8 of outlier channels is beyond the packer's bound.
    await rename(join(source, INT8_FILE), join(making, INT8_FILE));
    await step("packing it", () => pack(source, join(making, PACKAGE)));
    // The package has the FP32 weights too, so the source is not kept.
    await rm(source, { recursive: true });
    await rename(making, target).catch(async (error: unknown) => {
      // If another bench finished first, its package is used.
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** Runs the command that users run. */
async function pack(source: string, out: string): Promise<void> {
  const command = ["tools/spillway/main.ts", "model", "pack", source, "--out", out];
  try {
    await promisify(execFile)(process.execPath, command, { timeout: MAX_PACK_MS });
  } catch (error) {
    const lastLine =
      error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : null;
    throw new Error(`The model of DistilBERT's size could not be packed: ${lastLine ?? String(error)}`);
  }
}

/** Removes packages of earlier sources, and folders that a killed bench left. */
async function removeStale(): Promise<void> {
  for (const name of await readdir(FOLDER).catch(() => [])) {
    const path = join(FOLDER, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > STALE_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** @returns the SHA-256 in hex over names and contents of files, and of all files in folders @throws if a path does not exist */
export async function hashSources(paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of paths) {
    for (const file of await filesOf(path)) lines.push(`${file}\0${sha256Hex(await readFile(file))}\n`);
  }
  return sha256Hex(lines.join(""));
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
