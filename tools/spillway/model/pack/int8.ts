/** The INT8 model for the edge: the user's where there is one, else made from the FP32 model. */

import { spawn } from "node:child_process";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Progress } from "../../terminal/progress.ts";
import { readModel } from "../graph/model-file.ts";
import { makeFirstTokenGraph } from "./first-token-graph.ts";
import { checkSignature } from "./graph-signature.ts";
import { diskFull, PackError } from "./pack-error.ts";
import type { SourceFolder } from "./source-folder.ts";
import type { Staging } from "./staging.ts";

export interface Int8Model {
  path: string;
  /** What people call it: the path they know, if it is theirs. */
  name: string;
  /** For people: what happened to it. */
  firstToken: string;
}

/** Makes the model from the FP32 file at `floatPath`, whose exact work is done. */
export type Int8Maker = (floatPath: string, staging: Staging, progress: Progress) => Promise<Int8Model>;

/** Decided before any long work. @throws PackError with the commands to run where no INT8 file is and none can be made */
export async function findInt8({ int8, float }: SourceFolder): Promise<Int8Maker> {
  if (int8 !== null) return (_floatPath, staging, progress) => takeInt8(int8, staging, progress);
  const python = await findQuantizer();
  if (python === null) throw quantizeByHand(float, join(dirname(float), "model_quantized.onnx"));
  return async (floatPath, staging, progress) => {
    const path = join(staging.work, "model_quantized.onnx");
    await progress.step(`quantizing ${basename(float)} to INT8`, 1, () =>
      quantize(python, floatPath, path, staging.work, staging.signal),
    );
    return { path, name: `the INT8 model made of ${float}`, firstToken: "INT8: quantized from that FP32 graph" };
  };
}

async function takeInt8(int8: string, staging: Staging, progress: Progress): Promise<Int8Model> {
  checkSignature(await readModel(int8), int8);
  const exact = await makeFirstTokenGraph("INT8", int8, join(staging.work, "int8.onnx"), progress);
  return { path: exact.path, name: int8, firstToken: exact.outcome };
}

/** FP32 → INT8 by ONNX Runtime's own quantizer, which exists for Python alone. */

/** The versions that models/mail-tagger-recipe/requirements.txt has. */
const PACKAGES = "onnx==1.23.2 onnxruntime==1.32.0";
const SCRIPT = fileURLToPath(new URL("quantize.py", import.meta.url));

/** The Python to use, or null where it lacks the quantizer. */
export async function findQuantizer(): Promise<string | null> {
  const python = pythonCommand();
  const { code } = await run(python, ["-B", "-c", "import onnx, onnxruntime.quantization"]);
  return code === 0 ? python : null;
}

/** What to do where there is no Python that can: the very commands. `int8` is where the packer will look for the file. */
export function quantizeByHand(float: string, int8: string): PackError {
  const python = pythonCommand();
  return new PackError(
    `There is no INT8 model beside ${float}, and ${python} has no onnxruntime to make one; run: ` +
      `${python} -m pip install ${PACKAGES} && ${python} ${relative(process.cwd(), SCRIPT)} ${float} ${int8}`,
  );
}

/** `scratch` is for the quantizer's own files. @throws PackError with what Python said last */
export async function quantize(
  python: string,
  float: string,
  int8: string,
  scratch: string,
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await run(python, ["-B", SCRIPT, float, int8], { TMPDIR: scratch }, signal);
  if (code === 0) return;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (/No space left|ENOSPC/.test(stderr)) throw diskFull(stderr);
  throw new PackError(`Quantizing ${float} failed (${last}); bring an INT8 file with --quantized.`);
}

function pythonCommand(): string {
  return process.env["SPILLWAY_PYTHON"] || "python3";
}

interface Ended {
  /** Null when it could not be started, or was ended by a signal. */
  code: number | null;
  stderr: string;
}

function run(command: string, args: readonly string[], env = {}, signal?: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      ...(signal ? { signal } : {}),
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("error", (error) => resolve({ code: null, stderr: error.message }));
    child.once("close", (code) => resolve({ code, stderr }));
  });
}
