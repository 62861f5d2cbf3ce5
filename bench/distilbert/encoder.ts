/** One transformer layer, decomposed as torch.onnx exports it with attn_implementation="eager". */
import { intAttribute, intsAttribute } from "../../models/onnx/attributes.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { layerNorm } from "./layer-norm.ts";
import type { Precision } from "./precision.ts";
import type { DistilbertShape } from "./shape.ts";

/** Queries and keys are larger than a fresh model's, so that attention chooses among tokens as a trained one does. */
const CHOOSING_GAIN = 1.6;

/** `rows` [batch, tokens, dim], `maskBias` [batch, 1, 1, tokens]. @returns the layer's rows, same shape */
export function encoderLayer(
  graph: GraphBuilder,
  weights: Precision,
  shape: DistilbertShape,
  rows: string,
  maskBias: string,
  name: string,
): string {
  const { dim, hidden } = shape;
  const mixed = attention(graph, weights, shape, rows, maskBias, `${name}.attention`);
  const attended = graph.node("Add", [weights.dense(mixed, `${name}.attention.out_lin`, dim, dim, 1), rows]);
  const normed = layerNorm(graph, shape, attended, `${name}.sa_layer_norm`);
  const inner = gelu(graph, weights.dense(normed, `${name}.ffn.lin1`, dim, hidden, 1));
  const outer = weights.dense(inner, `${name}.ffn.lin2`, hidden, dim, 1);
  return layerNorm(graph, shape, graph.node("Add", [outer, normed]), `${name}.output_layer_norm`);
}

function attention(
  graph: GraphBuilder,
  weights: Precision,
  { dim, heads }: DistilbertShape,
  rows: string,
  maskBias: string,
  name: string,
): string {
  const batch = graph.node("Unsqueeze", [
    graph.node("Gather", [graph.node("Shape", [rows]), graph.int(0)], [intAttribute("axis", 0)]),
    graph.ints([0]),
  ]);
  const reshapeTo = (tensor: string, rest: readonly number[]) => {
    const target = graph.node("Concat", [batch, ...rest.map((one) => graph.ints([one]))], [intAttribute("axis", 0)]);
    return graph.node("Reshape", [tensor, target]);
  };
  const split = (part: string, gain: number, perm: readonly number[]) => {
    const projected = weights.dense(rows, `${name}.${part}`, dim, dim, gain);
    return graph.node("Transpose", [reshapeTo(projected, [-1, heads, dim / heads])], [intsAttribute("perm", perm)]);
  };
  const query = graph.node("Div", [split("q_lin", CHOOSING_GAIN, [0, 2, 1, 3]), graph.float(Math.sqrt(dim / heads))]);
  const key = split("k_lin", CHOOSING_GAIN, [0, 2, 3, 1]);
  const value = split("v_lin", 1, [0, 2, 1, 3]);
  const scores = graph.node("Add", [graph.node("MatMul", [query, key]), maskBias]);
  const shares = graph.node("Softmax", [scores], [intAttribute("axis", -1)]);
  const mixed = graph.node("Transpose", [graph.node("MatMul", [shares, value])], [intsAttribute("perm", [0, 2, 1, 3])]);
  return reshapeTo(mixed, [-1, dim]);
}

/** The exact form by the error function. */
function gelu(graph: GraphBuilder, rows: string): string {
  const error = graph.node("Erf", [graph.node("Div", [rows, graph.float(Math.SQRT2)])]);
  const gated = graph.node("Mul", [rows, graph.node("Add", [error, graph.float(1)])]);
  return graph.node("Mul", [gated, graph.float(0.5)]);
}
