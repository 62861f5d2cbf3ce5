/** A package of DistilBERT's size with random weights, made when it is first asked for and kept until what makes it changes. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { step } from "../../tools/start/progress.ts";
import { writeDistilbertFolder } from "../distilbert/folder.ts";
import { hashSources } from "./source-hash.ts";

const FOLDER = ".spillway/bench/distilbert";
/** A change in one of these can change the package. */
const MADE_BY = ["bench/distilbert", "models/pack", "models/onnx", "models/manifest.ts", "gateway/edge/onnx"];
const INT8_FILE = "model_quantized.onnx";
const PACK_MAX_MS = 10 * 60_000;

export interface DistilbertPackage {
  folder: string;
  /** The INT8 model as a user brings it. */
  int8File: string;
}

/** Takes a minute or two the first time, and some 400 MB of disk. @throws Error with one sentence when it cannot be packed */
export async function distilbertPackage(): Promise<DistilbertPackage> {
  // The packer names a package after its folder.
  const made = { folder: join(FOLDER, "distilbert"), int8File: join(FOLDER, INT8_FILE) };
  const madeByFile = join(FOLDER, "made-by.sha256");
  const madeBy = await hashSources(MADE_BY);
  if ((await readFile(madeByFile, "utf8").catch(() => null)) === madeBy) return made;
  const source = join(FOLDER, "source");
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(source, { recursive: true });
  await step("making a model of DistilBERT's size, with random weights", () => writeDistilbertFolder(source));
  await step("packing it", () => pack(source, made.folder));
  await rename(join(source, INT8_FILE), made.int8File);
  // The rest of it, FP32 weights first of all, is in the package too.
  await rm(source, { recursive: true });
  // Last: a folder without it is half made.
  await writeFile(madeByFile, madeBy);
  return made;
}

/** As a user does it. */
async function pack(source: string, out: string): Promise<void> {
  const command = ["tools/spillway.ts", "model", "pack", source, "--out", out];
  try {
    await promisify(execFile)(process.execPath, command, { timeout: PACK_MAX_MS });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : null;
    throw new Error(`The model of DistilBERT's size could not be packed: ${said ?? String(error)}`);
  }
}
