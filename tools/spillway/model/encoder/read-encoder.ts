/**
 * From an ONNX graph in FP32 to the engine's weights, by its structure. The float side is recognized operator by operator; ids and
 * masks are observed; and at the end the weights must compute the graph's own logits.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Architecture, checkArchitecture, longestText } from "../../../../engine/format/architecture.ts";
import {
  checkWeights,
  type EncoderWeights,
  type LayerWeights,
  type Linear,
  type Norm,
} from "../../../../engine/pack/encoder-weights.ts";
import { floatModel } from "../../../../engine/reference/float-model.ts";
import { runReference } from "../../../../engine/reference/run-reference.ts";
import { WeightsError } from "../../../../engine/weights-error.ts";
import { LOGITS_OUTPUT } from "../../../../formats/model-package/graph-inputs.ts";
import { seededRandom } from "../../../seeded-random.ts";
import type { OnnxModel } from "../graph/model.ts";
import { observeShapes } from "../graph/observe-shapes.ts";
import { CHECKING } from "../graph/session-options.ts";
import { type TextInputs, textInputsOf } from "../graph/text-inputs.ts";
import { checkLookups, type Tables } from "./check-lookups.ts";
import { type FoundEncoder, findEncoder } from "./find-encoder.ts";
import { RefusedGraph } from "./refused.ts";
import { traceGraph } from "./trace-graph.ts";

export type ReadEncoder = { weights: EncoderWeights } | { refusal: string };

/**
 * @param path of the same model, which onnxruntime-node runs
 * @returns the weights, or why the engine cannot serve the graph, in one sentence
 */
export async function readEncoder(model: OnnxModel, path: string): Promise<ReadEncoder> {
  try {
    if (model.functions.length > 0)
      throw new RefusedGraph("It defines its own functions; export it with a newer exporter.");
    const [, second] = model.graph.output;
    if (second !== undefined)
      throw new RefusedGraph(`It has a second output, "${second.name}"; export the logits only.`);
    const inputs = textInputsOf(model.graph);
    const found = findEncoder(traceGraph(model, await observeShapes(model, inputs)));
    const tables = await checkLookups(model, inputs, found.lookups, found.masks);
    const weights = weightsFrom(found, tables);
    checkArchitecture(weights.architecture);
    checkWeights(weights);
    await compareWithGraph(weights, path, inputs);
    return { weights };
  } catch (error) {
    if (error instanceof RefusedGraph || error instanceof WeightsError) return { refusal: error.message };
    throw error;
  }
}

function weightsFrom(
  found: FoundEncoder,
  { words, places, firstPlace, kinds, kindRows, padToken }: Tables,
): EncoderWeights {
  const { labels, layers } = found;
  const [layer] = layers;
  if (layer === undefined) throw new RefusedGraph("It has no layers of attention.");
  // An exporter writes a shared layer once for each time that it runs.
  const sharesLayers = layers.length > 1 && layers.every((one) => haveSameWeights(one, layer));
  const width = labels.inputs;
  const architecture: Architecture = {
    vocabulary: words.rows,
    positions: places.rows - firstPlace,
    tokenTypes: kindRows,
    padToken,
    embeddingWidth: words.width,
    width,
    heads: found.heads,
    headSize: found.headSize,
    feedForward: layer.expand.outputs,
    layers: layers.length,
    sharesLayers,
    labels: labels.outputs,
    activation: found.activation,
    headActivation: found.headActivation,
    epsilon: found.epsilon,
  };
  return {
    architecture,
    words: words.table,
    places: places.table.subarray(firstPlace * places.width),
    kinds: kinds === null ? null : kinds.table.subarray(0, kindRows * kinds.width),
    embeddingNorm: found.embeddingNorm,
    projection: found.projection,
    layers: layers.map((one) => (sharesLayers ? layer : one)),
    head: found.head,
    labels,
  };
}

function haveSameWeights(one: LayerWeights, other: LayerWeights): boolean {
  const others = numbersOf(other);
  return numbersOf(one).every((numbers, index) => {
    const same = others[index];
    return same?.length === numbers.length && numbers.every((value, at) => value === same[at]);
  });
}

function numbersOf(layer: LayerWeights): Float32Array[] {
  return Object.values(layer).flatMap((part: Linear | Norm) =>
    "gain" in part ? [part.gain, part.offset] : [part.weight, part.bias],
  );
}

const COMPARED_TOKENS = [1, 4, 7] as const;
/** Of the largest logit, or of 1. Both sides compute in FP32; the gap grows with the layers. */
const MAX_RELATIVE_GAP = 1e-3;

/** Runs the plain reference on what was read, and the graph itself. */
async function compareWithGraph(weights: EncoderWeights, path: string, { names }: TextInputs): Promise<void> {
  const { vocabulary, tokenTypes, padToken } = weights.architecture;
  const reference = floatModel(weights);
  const random = seededRandom(4);
  const session = await InferenceSession.create(path, CHECKING);
  try {
    for (const tokens of COMPARED_TOKENS.filter((count) => count <= longestText(weights.architecture))) {
      const ids = Array.from({ length: tokens }, (_, at) =>
        at === 2 && padToken !== null ? padToken : Math.floor(random() * vocabulary),
      );
      const kinds = ids.map(() => Math.floor(random() * tokenTypes));
      const rows = { input_ids: ids, attention_mask: ids.map(() => 1), token_type_ids: kinds };
      const feeds = names.map((name) => [
        name,
        new Tensor("int64", BigInt64Array.from(rows[name], BigInt), [1, tokens]),
      ]);
      const outputs = await session.run(Object.fromEntries(feeds), [LOGITS_OUTPUT]);
      checkLogits(Array.from(outputs[LOGITS_OUTPUT]?.data ?? [], Number), runReference(reference, { ids, kinds }));
    }
  } finally {
    await session.release();
  }
}

function checkLogits(expected: readonly number[], actual: Float32Array): void {
  const gap = Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN))));
  const allowed = MAX_RELATIVE_GAP * Math.max(1, ...expected.map(Math.abs));
  if (expected.length === actual.length && gap <= allowed) return;
  throw new RefusedGraph(
    `Its structure is a BERT-like encoder's, but it computes other logits: they differ by ${gap.toPrecision(2)}, at most ${allowed.toPrecision(2)} is allowed.`,
  );
}
