/** The graph of a generated classifier, as torch.onnx exports it with attn_implementation="eager". */
import type { OnnxModel } from "../../spillway/model/graph/model.ts";
import { floatAttribute, intAttribute, intsAttribute, tensorValue } from "../../spillway/model/graph/nodes.ts";
import { elementType, floatTensor, int64, int64Bytes, rawTensor } from "../../spillway/model/graph/tensors.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { floatPrecision, int8Precision, type Precision, randomWeights } from "./precision.ts";
import { channelFactors, type DistilbertShape } from "./shape.ts";

/** RoBERTa's padding has id 1, and its positions start after it. */
export const ROBERTA_PADDING_ID = 1;
export const ROBERTA_POSITION_OFFSET = ROBERTA_PADDING_ID + 1;

const IR_VERSION = 8;
/** Added to the attention scores of padding: the lowest FP32 number, as in transformers. */
const MASKED = -3.4028234663852886e38;
/** Larger than in an untrained model, so that texts differ in their logits. */
const LABEL_GAIN = 1.5;
/** Queries and keys are larger than in an untrained model, so that attention selects tokens as a trained model does. */
const ATTENTION_GAIN = 1.6;
const EPSILON = 1e-12;
/** Earlier opsets need nine operators for a layer normalization. */
const LAYER_NORM_OPSET = 17;

/** The graph under construction, the source of its weights, and its shape. */
interface Parts {
  graph: GraphBuilder;
  weights: Precision;
  shape: DistilbertShape;
  /** How many times larger each channel of the rows between layers is. */
  factors: Float32Array;
  /** By which the matrices that read these rows are divided; null: by nothing. */
  divisors: Float32Array | null;
}

/** @returns a model from input_ids, attention_mask (and token_type_ids) [batch, tokens] int64 to logits [batch, labels] FP32 */
export function classifierModel(shape: DistilbertShape, precision: "fp32" | "int8"): OnnxModel {
  const graph = new GraphBuilder();
  const weights =
    precision === "fp32" ? floatPrecision(graph, shape.seed) : int8Precision(graph, shape.seed, shape.perChannel);
  const factors = channelFactors(shape);
  const parts: Parts = { graph, weights, shape, factors, divisors: shape.outliers === "compensated" ? factors : null };
  const maskBias = maskOf(graph);
  let rows = embeddings(parts);
  for (let layer = 0; layer < shape.layers; layer++) {
    // The first layer reads embeddings, which have no such channels.
    const divisors = layer === 0 ? null : parts.divisors;
    rows = encoderLayer(parts, rows, { maskBias, divisors }, `layer.${layer}`);
  }
  head(parts, rows);
  const inputs = ["input_ids", "attention_mask", ...(shape.family === "bert" ? ["token_type_ids"] : [])];
  return {
    irVersion: int64(IR_VERSION),
    producerName: "spillway-bench",
    opsetImport: [{ domain: "", version: int64(shape.opset) }],
    graph: {
      name: shape.family,
      node: graph.nodes,
      initializer: graph.initializers,
      sparseInitializer: [],
      input: inputs.map((name) => tensorValue(name, elementType.int64, ["batch_size", "sequence_length"])),
      output: [tensorValue("logits", elementType.float, ["batch_size", shape.labels.length])],
      valueInfo: [],
      quantizationAnnotation: [],
      metadataProps: [],
    },
    metadataProps: [],
    trainingInfo: [],
    functions: [],
    configuration: [],
  };
}

/** [batch, 1, 1, tokens]: 0 for tokens, MASKED for padding. */
function maskOf(graph: GraphBuilder): string {
  const wide = graph.node("Unsqueeze", ["attention_mask", graph.ints([1, 2])]);
  const asFloat = graph.node("Cast", [wide], [intAttribute("to", elementType.float)]);
  return graph.node("Mul", [graph.node("Sub", [graph.float(1), asFloat]), graph.float(MASKED)]);
}

/** @returns the first hidden state, [batch, tokens, dim] */
function embeddings(parts: Parts): string {
  const { graph, weights, shape } = parts;
  const { family, vocabulary, dim, positions } = shape;
  const words = weights.embed("input_ids", "embeddings.word_embeddings", vocabulary, dim);
  const rows = family === "roberta" ? positions + ROBERTA_POSITION_OFFSET : positions;
  const ids = family === "roberta" ? positionsAfterPadding(graph) : positionsFromZero(graph, positions);
  const placed = graph.node("Add", [words, weights.embed(ids, "embeddings.position_embeddings", rows, dim)]);
  const summed =
    family === "bert"
      ? graph.node("Add", [placed, weights.embed("token_type_ids", "embeddings.token_type_embeddings", 2, dim)])
      : placed;
  return layerNorm(parts, summed, "embeddings.LayerNorm");
}

/** 0, 1, 2 …, sliced from a constant row. */
function positionsFromZero(graph: GraphBuilder, positions: number): string {
  const counting = Array.from({ length: positions }, (_, index) => index);
  const row = graph.constant(rawTensor("position_ids", elementType.int64, [1, positions], int64Bytes(counting)));
  const tokens = graph.node("Gather", [graph.node("Shape", ["input_ids"]), graph.int(1)], [intAttribute("axis", 0)]);
  const end = graph.node("Unsqueeze", [tokens, graph.ints([0])]);
  return graph.node("Slice", [row, graph.ints([0]), end, graph.ints([1])]);
}

/** Counts the tokens that are not padding. */
function positionsAfterPadding(graph: GraphBuilder): string {
  const isPadding = graph.node("Equal", ["input_ids", graph.int(ROBERTA_PADDING_ID)]);
  const asInt = [intAttribute("to", elementType.int64)];
  const isText = graph.node("Cast", [graph.node("Not", [isPadding])], asInt);
  const counted = graph.node("Mul", [graph.node("CumSum", [isText, graph.int(1)]), isText]);
  return graph.node("Add", [counted, graph.int(ROBERTA_PADDING_ID)]);
}

interface AttentionInputs {
  /** [batch, 1, 1, tokens] */
  maskBias: string;
  divisors: Float32Array | null;
}

/** One transformer layer: `rows` [batch, tokens, dim]. @returns rows of the same shape */
function encoderLayer(parts: Parts, rows: string, inputs: AttentionInputs, name: string): string {
  const { graph, weights, shape, factors, divisors } = parts;
  const { dim, hidden } = shape;
  const mixed = attention(parts, rows, inputs, `${name}.attention`);
  const projected = weights.dense(mixed, { name: `${name}.attention.out_lin`, inputs: dim, outputs: dim });
  const attended = graph.node("Add", [projected, rows]);
  const normed = layerNorm(parts, attended, `${name}.sa_layer_norm`, factors);
  const expanded = weights.dense(normed, { name: `${name}.ffn.lin1`, inputs: dim, outputs: hidden, divisors });
  const inner = gelu(graph, expanded);
  const outer = weights.dense(inner, { name: `${name}.ffn.lin2`, inputs: hidden, outputs: dim });
  return layerNorm(parts, graph.node("Add", [outer, normed]), `${name}.output_layer_norm`, factors);
}

function attention(parts: Parts, rows: string, { maskBias, divisors }: AttentionInputs, name: string): string {
  const { graph, weights, shape } = parts;
  const { dim, heads } = shape;
  const batch = graph.node("Unsqueeze", [
    graph.node("Gather", [graph.node("Shape", [rows]), graph.int(0)], [intAttribute("axis", 0)]),
    graph.ints([0]),
  ]);
  const reshapeTo = (tensor: string, rest: readonly number[]) => {
    const target = graph.node("Concat", [batch, ...rest.map((one) => graph.ints([one]))], [intAttribute("axis", 0)]);
    return graph.node("Reshape", [tensor, target]);
  };
  const split = (part: string, gain: number, perm: readonly number[]) => {
    const projected = weights.dense(rows, { name: `${name}.${part}`, inputs: dim, outputs: dim, gain, divisors });
    return graph.node("Transpose", [reshapeTo(projected, [-1, heads, dim / heads])], [intsAttribute("perm", perm)]);
  };
  const query = graph.node("Div", [split("q_lin", ATTENTION_GAIN, [0, 2, 1, 3]), graph.float(Math.sqrt(dim / heads))]);
  const key = split("k_lin", ATTENTION_GAIN, [0, 2, 3, 1]);
  const value = split("v_lin", 1, [0, 2, 1, 3]);
  const scores = graph.node("Add", [graph.node("MatMul", [query, key]), maskBias]);
  const shares = graph.node("Softmax", [scores], [intAttribute("axis", -1)]);
  const mixed = graph.node("Transpose", [graph.node("MatMul", [shares, value])], [intsAttribute("perm", [0, 2, 1, 3])]);
  return reshapeTo(mixed, [-1, dim]);
}

/** The form with the error function, not an approximation. */
function gelu(graph: GraphBuilder, rows: string): string {
  const error = graph.node("Erf", [graph.node("Div", [rows, graph.float(Math.SQRT2)])]);
  const gated = graph.node("Mul", [rows, graph.node("Add", [error, graph.float(1)])]);
  return graph.node("Mul", [gated, graph.float(0.5)]);
}

/** Normalization over the last axis. @param factors by which its gains and offsets are multiplied */
function layerNorm(parts: Parts, rows: string, name: string, factors: Float32Array | null = null): string {
  const { graph } = parts;
  const { dim, seed, opset } = parts.shape;
  const vector = (part: string, mean: number, deviation: number) => {
    const values = randomWeights(seed, `${name}.${part}`, dim, { mean, deviation });
    const scaled = values.map((value, channel) => value * (factors?.[channel] ?? 1));
    return graph.constant(floatTensor(`${name}.${part}`, [dim], scaled));
  };
  const weight = vector("weight", 1, 0.1);
  const bias = vector("bias", 0, 0.05);
  if (opset >= LAYER_NORM_OPSET) {
    const attributes = [intAttribute("axis", -1), floatAttribute("epsilon", EPSILON)];
    return graph.node("LayerNormalization", [rows, weight, bias], attributes);
  }
  const overLast = [intsAttribute("axes", [-1])];
  const centred = graph.node("Sub", [rows, graph.node("ReduceMean", [rows], overLast)]);
  const variance = graph.node("ReduceMean", [graph.node("Pow", [centred, graph.float(2)])], overLast);
  const deviation = graph.node("Sqrt", [graph.node("Add", [variance, graph.float(EPSILON)])]);
  const scaled = graph.node("Mul", [graph.node("Div", [centred, deviation]), weight]);
  return graph.node("Add", [scaled, bias]);
}

/** Names the graph's output `logits`. */
function head({ graph, weights, shape, divisors }: Parts, rows: string): void {
  const { family, dim, labels } = shape;
  const [inner, outer, activation] = {
    distilbert: ["pre_classifier", "classifier", "Relu"] as const,
    bert: ["pooler.dense", "classifier", "Tanh"] as const,
    roberta: ["classifier.dense", "classifier.out_proj", "Tanh"] as const,
  }[family];
  const first = graph.node("Gather", [rows, graph.int(0)], [intAttribute("axis", 1)]);
  const pooled = graph.node(activation, [weights.dense(first, { name: inner, inputs: dim, outputs: dim, divisors })]);
  const logits = weights.dense(pooled, { name: outer, inputs: dim, outputs: labels.length, gain: LABEL_GAIN });
  graph.node("Identity", [logits], [], "logits");
}
