/** FP32 as torch.onnx exports it: MatMul and Add, and tables read by Gather. */
import { floatTensor } from "../../models/onnx/tensors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { BIAS_DEVIATION, EMBEDDING_DEVIATION, type Precision } from "./precision.ts";
import { randomWeights } from "./weights.ts";

export function floatPrecision(graph: GraphBuilder, seed: number): Precision {
  const weight = (name: string, dims: readonly number[], deviation: number) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return graph.constant(floatTensor(name, dims, randomWeights(seed, name, count, { deviation })));
  };
  return {
    dense(rows, name, inputs, outputs, gain) {
      const matrix = weight(`${name}.weight`, [inputs, outputs], gain / Math.sqrt(inputs));
      const product = graph.node("MatMul", [rows, matrix]);
      return graph.node("Add", [weight(`${name}.bias`, [outputs], BIAS_DEVIATION), product]);
    },
    embed(ids, name, rows, width) {
      return graph.node("Gather", [weight(`${name}.weight`, [rows, width], EMBEDDING_DEVIATION), ids]);
    },
  };
}
