/** The model package that a bench measures: the one that `npm start` would serve, or one of DistilBERT's size. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Manifest } from "../../../formats/model-package/manifest.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { type LocalPackage, openLocalPackage } from "../../spillway/model/local-package.ts";
import { readSettings } from "../../process/local-settings.ts";
import { oneOf } from "../arguments.ts";
import type { OptionValues } from "../bench.ts";
import { writeDistilbertFolder } from "../distilbert/folder.ts";

export const MODEL_OPTION = { model: { type: "string" } } as const;

export interface EdgePackage extends LocalPackage {
  edge: NonNullable<Manifest["edge"]>;
  /** What somebody would load who does it the plain way: the same weights as a file for InferenceSession.create. */
  plainFile: string;
}

/** @throws UsageError; Error with one sentence when there is no package, or none for the edge */
export async function openPackage(values: OptionValues): Promise<EdgePackage> {
  const wanted = oneOf(values, "model", ["default", "distilbert"]);
  const { folder, int8File } =
    wanted === "distilbert"
      ? await distilbertPackage()
      : { folder: readSettings(process.env).modelFolder, int8File: null };
  const opened = await step(`verifying the package in ${folder}`, () => openLocalPackage(folder));
  const { edge } = opened.manifest;
  if (edge === null) throw new Error(`${folder} is packed for the origin alone; there is no edge to measure.`);
  return { ...opened, edge, plainFile: int8File ?? `${folder}/${edge.file}` };
}

/** A package of DistilBERT's size with random weights, made when it is first asked for and kept until what makes it changes. */

const FOLDER = ".spillway/bench/distilbert";
/** A change in one of these can change the package. */
const MADE_BY = [
  "bench/distilbert",
  "models/pack",
  "models/onnx",
  "formats/model-package/manifest.ts",
  "gateway/edge/onnx",
];
/** The packer names a package after its folder. */
const PACKAGE = "distilbert";
const INT8_FILE = "model_quantized.onnx";
const PACK_MAX_MS = 10 * 60_000;
/** No bench takes longer: an older package that nobody has made since is in nobody's hands. */
const STALE_AFTER_MS = 4 * 60 * 60_000;

export interface DistilbertPackage {
  folder: string;
  /** The INT8 model as a user brings it. */
  int8File: string;
}

/** Takes a minute or two the first time, and some 400 MB of disk. @throws Error with one sentence when it cannot be packed */
export async function distilbertPackage(): Promise<DistilbertPackage> {
  const madeBy = await hashSources(MADE_BY);
  const place = join(FOLDER, madeBy.slice(0, 12));
  if (!(await exists(place))) {
    await removeStale();
    await make(place);
  }
  return { folder: join(place, PACKAGE), int8File: join(place, INT8_FILE) };
}

/** Beside, then put in place whole: two benches may ask for it at once. */
async function make(place: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const making = await mkdtemp(join(FOLDER, "making-"));
  try {
    const source = join(making, "source");
    await step("making a model of DistilBERT's size, with random weights", () => writeDistilbertFolder(source));
    await step("packing it", () => pack(source, join(making, PACKAGE)));
    await rename(join(source, INT8_FILE), join(making, INT8_FILE));
    // The rest of it, FP32 weights first of all, is in the package too.
    await rm(source, { recursive: true });
    await rename(making, place).catch(async (error: unknown) => {
      // Another bench was faster; its package is as good.
      if (!(await exists(place))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** As a user does it. */
async function pack(source: string, out: string): Promise<void> {
  const command = ["tools/spillway/main.ts", "model", "pack", source, "--out", out];
  try {
    await promisify(execFile)(process.execPath, command, { timeout: PACK_MAX_MS });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : null;
    throw new Error(`The model of DistilBERT's size could not be packed: ${said ?? String(error)}`);
  }
}

/** Packages of earlier sources, and what a bench that was killed left half made. */
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

/** One digest of source files and folders: whatever they made is stale when it changes. */

/** SHA-256 in hex over names and contents, folders with everything in them. */
export async function hashSources(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      const content = createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
      hash.update(`${file}\0${content}\n`);
    }
  }
  return hash.digest("hex");
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
