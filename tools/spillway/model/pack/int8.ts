/** The INT8 model for onnxruntime-web at the edge: the user's file if there is one, otherwise quantized from the FP32 model. */
import { spawn } from "node:child_process";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Progress } from "../../terminal/progress.ts";
import { readModel } from "../graph/model-file.ts";
import { makeFirstTokenGraph } from "./first-token-graph.ts";
import { checkSignature } from "./graph-signature.ts";
import { findLogits, type GraphRequest, hasLogitsOnly } from "./logits-graph.ts";
import { diskFull, PackError } from "./pack-error.ts";
import type { SourceFolder } from "./source-folder.ts";
import type { Staging } from "./staging.ts";

export interface Int8Model {
  path: string;
  /** For messages: the user's path, or a description. */
  name: string;
  /** Whether it is the user's file, which may be of another model. */
  isGiven: boolean;
  /** What happened to the graph, for people. */
  firstToken: string;
}

/** Makes the INT8 model. The graph is the FP32 file after its rewrite for the first token. */
export type Int8Maker = (float: FloatGraph, staging: Staging, progress: Progress) => Promise<Int8Model>;

interface FloatGraph {
  path: string;
  labels: readonly string[];
}

/**
 * Chooses how to make the INT8 model, before any long work.
 * @throws PackError with the commands to run if there is no INT8 file and no quantizer
 */
export async function findInt8({ int8, float, vocabularySize }: SourceFolder): Promise<Int8Maker> {
  if (int8 !== null) {
    return (graph, staging, progress) =>
      useInt8({ path: int8, vocabularySize, labelCount: graph.labels.length }, staging, progress);
  }
  const python = await findQuantizer();
  if (python === null) throw quantizeByHand(float, join(dirname(float), "model_quantized.onnx"));
  return async (graph, staging, progress) => {
    const path = join(staging.work, "model_quantized.onnx");
    await progress.step(`quantizing ${basename(float)} to INT8`, 1, () => quantize(python, graph.path, path, staging));
    const name = `the INT8 model made from ${float}`;
    return { path, name, isGiven: false, firstToken: "INT8: quantized from that FP32 graph" };
  };
}

async function useInt8(int8: Omit<GraphRequest, "copy">, staging: Staging, progress: Progress): Promise<Int8Model> {
  const { path } = int8;
  const model = await readModel(path);
  checkSignature(model, path);
  const copy = join(staging.work, "int8-logits.onnx");
  const single = hasLogitsOnly(model) ? path : (await findLogits({ ...int8, copy })).path;
  const graph = await makeFirstTokenGraph("INT8", single, join(staging.work, "int8.onnx"), progress);
  return { path: graph.path, name: path, isGiven: true, firstToken: graph.outcome };
}

/** ONNX Runtime's quantizer, which exists for Python only. Versions as in models/mail-tagger-recipe/requirements.txt. */
const PACKAGES = "onnx==1.23.2 onnxruntime==1.32.0";
const SCRIPT = fileURLToPath(new URL("quantize.py", import.meta.url));

/** The Python command; null if it has no quantizer. */
export async function findQuantizer(): Promise<string | null> {
  const python = pythonCommand();
  const { code } = await run(python, ["-B", "-c", "import onnx, onnxruntime.quantization"]);
  return code === 0 ? python : null;
}

/** The error with the commands that quantize the model. @param int8 where the packer will look for the file */
function quantizeByHand(float: string, int8: string): PackError {
  const python = pythonCommand();
  return new PackError(
    `There is no INT8 model beside ${float}, and ${python} has no onnxruntime to make one. Run: ` +
      `${python} -m pip install ${PACKAGES} && ${python} ${relative(process.cwd(), SCRIPT)} ${float} ${int8}`,
  );
}

/** @throws PackError with the last line of Python's error */
async function quantize(python: string, float: string, int8: string, { work, signal }: Staging): Promise<void> {
  const { code, stderr } = await run(python, ["-B", SCRIPT, float, int8], { TMPDIR: work }, signal);
  if (code === 0) return;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (/No space left|ENOSPC/.test(stderr)) throw diskFull(stderr);
  throw new PackError(`Quantizing ${float} failed (${last}); pass an INT8 file with --quantized.`);
}

function pythonCommand(): string {
  return process.env["SPILLWAY_PYTHON"] || "python3";
}

interface Ended {
  /** Null if it could not be started, or a signal ended it. */
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
