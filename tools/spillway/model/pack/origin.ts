/** The origin's part of a package: the FP32 model in one file, tried with the code that will serve it. */
import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { isGraphInput, LOGITS_OUTPUT } from "../../../../formats/model-package/graph-inputs.ts";
import { createInference, feedsOf, type Infer } from "../../../../lambda-origin/infer.ts";
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
const SAMPLE_TOKENS = 8;

export interface OriginPart {
  file: string;
  path: string;
  labels: readonly string[];
  infer: Infer;
  /** What happened to the graph, for people. */
  firstToken: string;
}

/** @throws PackError and other errors of one sentence */
export async function makeOrigin(source: SourceFolder, staging: Staging, progress: Progress): Promise<OriginPart> {
  const { float, config } = source;
  const labels = await progress.step(`checking ${basename(float)}`, 1, async () => {
    checkSignature(await readModel(float), float, "fp32");
    return labelsFor(source, await countLogits(float, config.vocabularySize));
  });
  const path = join(staging.package, FILE);
  const graph = await makeFirstTokenGraph("FP32", float, path, progress);
  if (graph.path !== path) await copyComplete(float, path);
  const infer = await createInference(await readFile(path), labels.length);
  await infer([sampleIds(SAMPLE_TOKENS, config.vocabularySize)]);
  return { file: FILE, path, labels, infer, firstToken: graph.outcome };
}

/** Runs the model: not every graph declares its output's shape. */
async function countLogits(path: string, vocabularySize: number): Promise<number> {
  let dims: readonly number[];
  try {
    dims = await logitsDims(path, sampleIds(SAMPLE_TOKENS, vocabularySize));
  } catch (error) {
    throw ortFailure("The origin's ONNX Runtime", path, "export the model again with standard operators", error);
  }
  if (dims.length !== 2) throw wrongRank(path, dims.length);
  return dims[1] ?? 0;
}

function labelsFor({ config: { labels }, float }: SourceFolder, logits: number): readonly string[] {
  if (logits < 2) {
    throw new PackError(
      `${float} returns one number per text, so it is a regression model; Spillway serves classifiers with 2 labels or more.`,
    );
  }
  if (labels !== null && labels.length !== logits) {
    throw new PackError(
      `config.json has ${labels.length} labels, but ${float} returns ${logits} logits; use the model's own config.json.`,
    );
  }
  return labels ?? unnamedLabels(logits);
}

/** Copies the file as it is. A model with external weights is written again, because a package has one file for it. */
async function copyComplete(path: string, copy: string): Promise<void> {
  const { graph } = decodeModel(await readFile(path), path);
  const hasExternalData = graph.initializer.some(({ externalData }) => externalData.length > 0);
  if (hasExternalData) await writeModel(await readModel(path), copy);
  else await copyFile(path, copy);
}

/** The shape of the logits for one text. Accepts external data beside the file. @throws ONNX Runtime's own errors */
async function logitsDims(path: string, tokenIds: readonly number[]): Promise<readonly number[]> {
  const session = await InferenceSession.create(path, {
    executionProviders: ["cpu"],
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 4,
  });
  try {
    const feeds = feedsOf(session.inputNames.filter(isGraphInput), tokenIds);
    const { [LOGITS_OUTPUT]: logits } = await session.run(feeds, [LOGITS_OUTPUT]);
    if (!(logits?.data instanceof Float32Array)) throw new Error("its logits are not float32");
    return logits.dims;
  } finally {
    await session.release();
  }
}
