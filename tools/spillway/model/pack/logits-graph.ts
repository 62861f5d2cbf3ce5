/** A graph with the logits as its only output. Some exporters also return hidden states, or name the logits otherwise. */
import { InferenceSession } from "onnxruntime-node";
import { isGraphInput, LOGITS_OUTPUT } from "../../../../formats/model-package/graph-inputs.ts";
import { feedsOf } from "../../../../lambda-origin/infer.ts";
import type { OnnxModel } from "../graph/model.ts";
import { readModel, writeModel } from "../graph/model-file.ts";
import { makeNode, tensorValue } from "../graph/nodes.ts";
import { removeUnusedNodes } from "../graph/remove-unused-nodes.ts";
import { CHECKING } from "../graph/session-options.ts";
import { elementType } from "../graph/tensors.ts";
import { logitsCandidates, wrongRank } from "./graph-signature.ts";
import { sampleIds } from "./measure.ts";
import { ortFailure, PackError } from "./pack-error.ts";

const SAMPLE_TOKENS = 8;
const EXPORT_AGAIN = "export the model again with standard operators";

/** Whether a graph's only output is named as the package format names the logits. */
export function hasLogitsOnly({ graph }: OnnxModel): boolean {
  return graph.output.length === 1 && graph.output[0]?.name === LOGITS_OUTPUT;
}

export interface LogitsGraph {
  /** The given file, or a copy with one output. */
  path: string;
  /** Numbers per text. */
  logits: number;
}

export interface GraphRequest {
  /** The user's file. */
  path: string;
  /** Where to write a copy, if one is needed. */
  copy: string;
  vocabularySize: number;
  /** How many labels config.json has; null if it does not state it. */
  labelCount: number | null;
}

/**
 * Runs the graph: not every graph declares its outputs' shapes.
 * @throws PackError if no output, or more than one, may be the logits
 */
export async function findLogits({ path, copy, vocabularySize, labelCount }: GraphRequest): Promise<LogitsGraph> {
  const model = await readModel(path);
  const shapes = await shapesOf(path, logitsCandidates(model.graph.output), sampleIds(SAMPLE_TOKENS, vocabularySize));
  const [name, dims] = pickLogits(shapes, labelCount, path);
  if (dims.length !== 2) throw wrongRank(path, dims.length);
  const logits = dims[1] ?? 0;
  if (hasLogitsOnly(model)) return { path, logits };
  await writeModel(withOneOutput(model, name, logits), copy);
  return { path: copy, logits };
}

/** By the name, otherwise the only one of the candidates with a row per text and a number per label. */
function pickLogits(
  shapes: ReadonlyMap<string, readonly number[]>,
  labelCount: number | null,
  path: string,
): readonly [string, readonly number[]] {
  const all = [...shapes];
  if (all.length === 1 && all[0] !== undefined) return all[0];
  const fitting = all.filter(([, dims]) => dims.length === 2 && (labelCount === null || dims[1] === labelCount));
  const [found, other] = fitting;
  if (found !== undefined && other === undefined) return found;
  const shown = all.map(([name, dims]) => `${name} [${dims.join(", ")}]`).join(" and ");
  throw new PackError(
    `${path} has the outputs ${shown}, and ${fitting.length === 0 ? "none has" : "more than one has"} the shape [1, ${labelCount ?? "labels"}] of one text's logits; export it again with --task text-classification.`,
  );
}

/** The shapes of float outputs for one text. @throws PackError */
async function shapesOf(
  path: string,
  names: readonly string[],
  tokenIds: readonly number[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  try {
    const session = await InferenceSession.create(path, CHECKING);
    try {
      const outputs = await session.run(feedsOf(session.inputNames.filter(isGraphInput), tokenIds), names);
      const floats = names.flatMap((name) => {
        const { [name]: tensor } = outputs;
        return tensor?.data instanceof Float32Array ? [[name, tensor.dims] as const] : [];
      });
      if (floats.length === 0) throw new Error("its logits are not float32");
      return new Map(floats);
    } finally {
      await session.release();
    }
  } catch (error) {
    throw ortFailure("The origin's ONNX Runtime", path, EXPORT_AGAIN, error);
  }
}

function withOneOutput(model: OnnxModel, name: string, logits: number): OnnxModel {
  const { graph } = model;
  const output = [tensorValue(LOGITS_OUTPUT, elementType.float, ["batch", logits])];
  const renaming = { ...makeNode("Identity", [name], [LOGITS_OUTPUT]), name: "spillway/logits" };
  const node = name === LOGITS_OUTPUT ? graph.node : [...graph.node, renaming];
  return { ...model, graph: removeUnusedNodes({ ...graph, node, output }) };
}
