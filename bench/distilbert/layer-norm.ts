/** Normalization over the last axis: one operator from opset 17 on, nine before, as torch.onnx writes them. */
import { floatAttribute, intAttribute, intsAttribute } from "../../models/onnx/attributes.ts";
import { floatTensor } from "../../models/onnx/tensors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { DistilbertShape } from "./shape.ts";
import { randomWeights } from "./weights.ts";

const EPSILON = 1e-12;
const ONE_OPERATOR_SINCE = 17;

export function layerNorm(
  graph: GraphBuilder,
  { dim, seed, opset }: Pick<DistilbertShape, "dim" | "seed" | "opset">,
  rows: string,
  name: string,
): string {
  const vector = (part: string, mean: number, deviation: number) =>
    graph.constant(
      floatTensor(`${name}.${part}`, [dim], randomWeights(seed, `${name}.${part}`, dim, { mean, deviation })),
    );
  const weight = vector("weight", 1, 0.1);
  const bias = vector("bias", 0, 0.05);
  if (opset >= ONE_OPERATOR_SINCE) {
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
