/** Pure. The multiplications of a graph's matrix products: nearly all of a transformer's time. */
import { countAt, type Dimension, fixed, productOf, type TensorShape } from "./dimension.ts";
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxNode } from "./model.ts";

const products = new Set(["MatMul", "MatMulInteger", "FusedMatMul", "Gemm"]);

export function isProduct(node: OnnxNode): boolean {
  return products.has(node.opType);
}

/** For one text of `tokens` tokens; `narrowedAxis` is the one of the output that has shrunk to one row. 0 for other operators. */
export function multiplicationsOf(node: OnnxNode, facts: GraphFacts, tokens: number, narrowedAxis?: number): number {
  if (!isProduct(node)) return 0;
  const output = facts.shapeOf(node.output[0] ?? "") ?? [];
  const inner = facts.shapeOf(node.input[0] ?? "")?.at(-1) ?? null;
  const shrunk: TensorShape = output.map((dimension, axis) => (axis === narrowedAxis ? fixed(1) : dimension));
  const product: Dimension | null = productOf([...shrunk, inner]);
  return product === null ? 0 : countAt(product, 1, tokens);
}
