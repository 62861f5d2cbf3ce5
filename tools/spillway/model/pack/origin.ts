/** The origin's part of a package: the FP32 model in one file, tried with the code that will serve it. */
import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInference, type Infer } from "../../../../lambda-origin/infer.ts";
import type { Progress } from "../../terminal/progress.ts";
import { decodeModel } from "../graph/codec.ts";
import { readModel, writeModel } from "../graph/model-file.ts";
import { unnamedLabels } from "./classifier-config.ts";
import { makeFirstTokenGraph } from "./first-token-graph.ts";
import { findLogits } from "./logits-graph.ts";
import { findLongestText } from "./longest-text.ts";
import { sampleIds } from "./measure.ts";
import { PackError } from "./pack-error.ts";
import type { SourceFolder } from "./source-folder.ts";
import type { Staging } from "./staging.ts";

const FILE = "origin.onnx";

/** What the FP32 graph is, by runs of it. */
export interface FloatModel {
  /** Path of a graph with the one output `logits`: the user's file, or a copy. */
  graph: string;
  labels: readonly string[];
  /** Most tokens of a text that is run whole. */
  windowTokens: number;
}

export interface OriginPart extends FloatModel {
  file: string;
  path: string;
  infer: Infer;
  /** What happened to the graph, for people. */
  firstToken: string;
}

/** @throws PackError */
export async function inspectFloat(source: SourceFolder, staging: Staging, progress: Progress): Promise<FloatModel> {
  const { float, config, vocabularySize } = source;
  return await progress.step(`checking ${basename(float)}`, 1, async () => {
    const labelCount = config.labels?.length ?? null;
    const copy = join(staging.work, "logits.onnx");
    const graph = await findLogits({ path: float, copy, vocabularySize, labelCount });
    const labels = labelsFor(source, graph.logits);
    const stated = config.statedPositions;
    const longest = await findLongestText(graph.path, { name: basename(float), vocabularySize, stated });
    if (longest.note !== null) progress.note(longest.note);
    return { graph: graph.path, labels, windowTokens: longest.tokens };
  });
}

/** @throws PackError and other errors of one sentence */
export async function makeOrigin(
  source: SourceFolder,
  model: FloatModel,
  staging: Staging,
  progress: Progress,
): Promise<OriginPart> {
  const { labels, windowTokens } = model;
  const path = join(staging.package, FILE);
  const graph = await makeFirstTokenGraph("FP32", model.graph, path, progress);
  if (graph.path !== path) await copyComplete(model.graph, path);
  const infer = await createInference(await readFile(path), labels.length);
  await infer([sampleIds(windowTokens, source.vocabularySize)]).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new PackError(`${source.float} cannot run a text of ${windowTokens} tokens at the origin: ${reason}.`, error);
  });
  return { ...model, file: FILE, path, infer, firstToken: graph.outcome };
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
