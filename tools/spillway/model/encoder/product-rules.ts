/** Rules of matrix products: with a constant matrix, or of attention. */
import { attributeOf, intOf } from "../graph/nodes.ts";
import { attentionOf, scoresOf } from "./attention-rules.ts";
import { transposed, vectorOf } from "./constants.ts";
import { type Constant, pointwise, type Traced, widthOf } from "./expression.ts";
import { features, sameAxes } from "./layout.ts";
import { isConstant, isTraced, type Rule } from "./rule.ts";

/** @param weight inputs × outputs */
function linear(x: Traced, weight: Constant | null, bias: Float32Array | null): Traced | null {
  const [inputs, outputs] = weight?.dims ?? [];
  if (weight?.dims.length !== 2 || inputs === undefined || outputs === undefined) return null;
  const { expression, layout } = x;
  if (widthOf(expression) !== inputs || !sameAxes(layout.at(-1) ?? [], features(inputs))) return null;
  const map = { kind: "linear", of: expression, inputs, outputs, weight: weight.values, bias } as const;
  return { kind: "traced", expression: map, layout: [...layout.slice(0, -1), features(outputs)] };
}

function product(left: Traced, right: Traced): Traced | null {
  return left.expression.kind === "shares" ? attentionOf(left, right) : scoresOf(left, right);
}

export const matMul: Rule = ({ inputs: [left, right] }) => {
  if (!isTraced(left)) return null;
  if (isConstant(right)) return linear(left, right, null);
  return isTraced(right) ? product(left, right) : null;
};

/** ONNX Runtime's product with a factor and a transposition. */
export const fusedMatMul: Rule = (call) => {
  const { node, inputs } = call;
  const [left, right] = inputs;
  const others = ["transA", "transBatchA", "transBatchB"].some((name) => (intOf(node, name) ?? 0) !== 0);
  if (others || !isTraced(left)) return null;
  const isTurned = (intOf(node, "transB") ?? 0) !== 0;
  const turned = isTurned ? turn(right) : right;
  const result = isConstant(turned) ? linear(left, turned, null) : isTraced(turned) ? product(left, turned) : null;
  const alpha = attributeOf(node, "alpha")?.f ?? 1;
  return result === null || alpha === 1 ? result : pointwise(result, (x) => x * alpha);
};

function turn(value: Parameters<typeof isTraced>[0]) {
  if (isConstant(value)) return transposed(value);
  if (!isTraced(value) || value.layout.length < 2) return null;
  const { layout } = value;
  return { ...value, layout: [...layout.slice(0, -2), layout.at(-1) ?? [], layout.at(-2) ?? []] };
}

export const gemm: Rule = ({ node, inputs: [x, weight, bias] }) => {
  const factors = ["alpha", "beta"].every((name) => (attributeOf(node, name)?.f ?? 1) === 1);
  if (!factors || (intOf(node, "transA") ?? 0) !== 0 || !isTraced(x) || !isConstant(weight)) return null;
  const matrix = (intOf(node, "transB") ?? 0) === 0 ? weight : transposed(weight);
  const outputs = matrix?.dims[1] ?? 0;
  if (bias === null || bias === undefined) return linear(x, matrix, null);
  const vector = isConstant(bias) ? vectorOf(bias, outputs) : null;
  return vector === null ? null : linear(x, matrix, vector);
};
