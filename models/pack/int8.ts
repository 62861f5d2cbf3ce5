/** The INT8 model for the edge: the user's where there is one, else made from the FP32 model. */
import { basename, dirname, join } from "node:path";
import { readModel } from "../onnx/read-model.ts";
import { exactGraph } from "./exact-graph.ts";
import { checkSignature } from "./graph-signature.ts";
import type { Progress } from "./progress.ts";
import { findQuantizer, quantize, quantizeByHand } from "./python-quantizer.ts";
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
  const exact = await exactGraph("INT8", int8, join(staging.work, "int8.onnx"), progress);
  return { path: exact.path, name: int8, firstToken: exact.outcome };
}
