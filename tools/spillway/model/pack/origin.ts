/** The origin's half of a package: the user's FP32 model in one file, proven on the code that will serve it. */
import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { createInference, type Infer } from "../../../../lambda-origin/infer.ts";
import type { Progress } from "../../terminal/progress.ts";
import { decodeModel } from "../graph/codec.ts";
import { readModel, writeModel } from "../graph/model-file.ts";
import { unnamedLabels } from "./classifier-config.ts";
import { makeFirstTokenGraph } from "./first-token-graph.ts";
import { checkSignature, wrongRank } from "./graph-signature.ts";
import { sampleIds } from "./measure.ts";
import { ortFailure, PackError } from "./pack-error.ts";
import type { SourceFolder } from "./source-folder.ts";
import type { Staging } from "./staging.ts";

const FILE = "origin.onnx";
const PROBE_TOKENS = 8;

export interface OriginPart {
  file: string;
  path: string;
  labels: readonly string[];
  infer: Infer;
  firstToken: string;
}

/** @throws PackError and other errors of one sentence */
export async function makeOrigin(source: SourceFolder, staging: Staging, progress: Progress): Promise<OriginPart> {
  const { float, config } = source;
  const labels = await progress.step(`checking ${basename(float)}`, 1, async () => {
    checkSignature(await readModel(float), float);
    return labelsFor(source, await countLogits(float, config.vocabularySize));
  });
  const path = join(staging.package, FILE);
  const exact = await makeFirstTokenGraph("FP32", float, path, progress);
  if (exact.path !== path) await copyWhole(float, path);
  const infer = await createInference(await readFile(path), labels.length);
  await infer([sampleIds(PROBE_TOKENS, config.vocabularySize)]);
  return { file: FILE, path, labels, infer, firstToken: exact.outcome };
}

/** By a run: not every graph says it. */
async function countLogits(path: string, vocabularySize: number): Promise<number> {
  let dims: readonly number[];
  try {
    ({ dims } = await runNatively(path, sampleIds(PROBE_TOKENS, vocabularySize)));
  } catch (error) {
    throw ortFailure("The origin's ONNX Runtime", path, "export the model again with standard operators", error);
  }
  if (dims.length !== 2) throw wrongRank(path, dims.length);
  return dims[1] ?? 0;
}

function labelsFor({ config: { labels }, float }: SourceFolder, logits: number): readonly string[] {
  if (logits < 2) {
    throw new PackError(
      `${float} gives one number for a text, a regression; Spillway serves classifiers of 2 labels or more.`,
    );
  }
  if (labels !== null && labels.length !== logits) {
    throw new PackError(
      `config.json names ${labels.length} labels, but ${float} gives ${logits} logits; bring the model's own config.json.`,
    );
  }
  return labels ?? unnamedLabels(logits);
}

/** As it is; only a model with weights beside it is written anew, because a package has one file for it. */
async function copyWhole(path: string, copy: string): Promise<void> {
  const { graph } = decodeModel(await readFile(path), path);
  if (graph.initializer.some(({ externalData }) => externalData.length > 0))
    await writeModel(await readModel(path), copy);
  else await copyFile(path, copy);
}

/** One run on onnxruntime-node, the origin's runtime. */

export interface NativeLogits {
  dims: readonly number[];
  values: Float32Array;
}

/** `[1, tokens]` ids in → the logits with their shape. Takes external data beside the file. @throws ONNX Runtime's own errors */
export async function runNatively(path: string, tokenIds: readonly number[]): Promise<NativeLogits> {
  const session = await InferenceSession.create(path, {
    executionProviders: ["cpu"],
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 4,
  });
  try {
    const feeds = session.inputNames.map((name) => [name, rowOf(name, tokenIds)] as const);
    const { logits } = await session.run(Object.fromEntries(feeds), ["logits"]);
    if (!(logits?.data instanceof Float32Array)) throw new Error("its logits are not float32");
    return { dims: logits.dims, values: logits.data };
  } finally {
    await session.release();
  }
}

function rowOf(input: string, tokenIds: readonly number[]): Tensor {
  const value = (tokenId: number) => (input === "input_ids" ? tokenId : Number(input === "attention_mask"));
  return new Tensor(
    "int64",
    BigInt64Array.from(tokenIds, (id) => BigInt(value(id))),
    [1, tokenIds.length],
  );
}
