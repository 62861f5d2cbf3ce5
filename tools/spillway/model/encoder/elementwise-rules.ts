/** Rules of operators that compute each element from the elements at its place: activations, biases, sums, masks, normalization by parts. */
import { attributeOf, intOf } from "../graph/nodes.ts";
import { geluErf, geluTanh } from "./activations.ts";
import { addMask } from "./attention-rules.ts";
import { vectorOf } from "./constants.ts";
import { type Expression, pointwise, type Traced, type Value, widthOf } from "./expression.ts";
import { features, sameAxes, sameLayout, sharedLayout } from "./layout.ts";
import { isConstant, isObserved, isTraced, type Rule } from "./rule.ts";

type Binary = (a: number, b: number) => number;

/** A rule for an operator of one number. */
export function unary(apply: (x: number) => number): Rule {
  return ({ inputs: [x] }) => (isTraced(x) ? pointwise(x, apply) : null);
}

export const gelu: Rule = (call) => {
  const name = attributeOf(call.node, "approximate")?.s;
  return unary(name !== undefined && new TextDecoder().decode(name) === "tanh" ? geluTanh : geluErf)(call);
};

/** Activations of ONNX Runtime that add a bias first. */
export function withBias(apply: (x: number) => number): Rule {
  return ({ inputs: [x, bias] }) => {
    if (!isTraced(x)) return null;
    const biased = isConstant(bias) ? withVector("Add", x, bias) : x;
    return biased === null ? null : pointwise(biased, apply);
  };
}

/** A rule for an operator of two numbers. */
export function binary(apply: Binary): Rule {
  return ({ node: { opType }, inputs: [a, b], scalarOf }) => {
    const [left, right] = [scalarOf(a), scalarOf(b)];
    if (isTraced(a) && right !== null) return pointwise(a, (x) => apply(x, right));
    if (isTraced(b) && left !== null) return pointwise(b, (x) => apply(left, x));
    if (isTraced(a) && isTraced(b)) return combined(opType, a, b, apply);
    if (isTraced(a) && isConstant(b)) return withVector(opType, a, b);
    if (isTraced(b) && isConstant(a)) return withVector(opType, b, a);
    if (opType === "Add" && isTraced(a) && isObserved(b)) return addMask(a, { tensor: b.tensor, keeps: "added" });
    if (opType === "Add" && isTraced(b) && isObserved(a)) return addMask(b, { tensor: a.tensor, keeps: "added" });
    return null;
  };
}

/** A bias, or a gain or an offset after a normalization: each once. */
function withVector(opType: string, traced: Traced, constant: Value): Traced | null {
  const { expression, layout } = traced;
  const width = widthOf(expression);
  const vector = isConstant(constant) ? vectorOf(constant, width) : null;
  if (vector === null || !sameAxes(layout.at(-1) ?? [], features(width))) return null;
  const changed = changedBy(opType, expression, vector);
  return changed === null ? null : { ...traced, expression: changed };
}

function changedBy(opType: string, expression: Expression, vector: Float32Array): Expression | null {
  if (expression.kind === "linear" && opType === "Add" && expression.bias === null)
    return { ...expression, bias: vector };
  if (expression.kind !== "norm" || expression.offset !== null) return null;
  if (opType === "Add") return { ...expression, offset: vector };
  return opType === "Mul" && expression.gain === null ? { ...expression, gain: vector } : null;
}

function combined(opType: string, a: Traced, b: Traced, apply: Binary): Traced | null {
  const normalized = normalization(opType, a, b) ?? (opType === "Mul" ? normalization(opType, b, a) : null);
  if (normalized !== null) return normalized;
  const [left, right] = [functionOf(a.expression), functionOf(b.expression)];
  if (sameExpression(left.of, right.of) && sameLayout(a.layout, b.layout)) {
    const both = (x: number) => apply(left.apply(x), right.apply(x));
    return { ...a, expression: { kind: "pointwise", of: left.of, apply: both } };
  }
  const layout = opType === "Add" ? sharedLayout(a.layout, b.layout) : null;
  if (layout === null || widthOf(a.expression) !== widthOf(b.expression)) return null;
  return { kind: "traced", expression: { kind: "sum", left: a.expression, right: b.expression }, layout };
}

function functionOf(expression: Expression): { of: Expression; apply: (x: number) => number } {
  return expression.kind === "pointwise" ? expression : { of: expression, apply: (x) => x };
}

/** Exporters compute the difference from the mean once or twice. */
function sameExpression(one: Expression, other: Expression): boolean {
  if (one === other) return true;
  return one.kind === "centred" && other.kind === "centred" && one.of === other.of;
}

/** x − mean(x), and that divided by √(variance + epsilon). */
function normalization(opType: string, a: Traced, b: Traced): Traced | null {
  const { expression } = a;
  const other = functionOf(b.expression);
  if (opType === "Sub" && b.expression.kind === "mean" && b.expression.of === expression) {
    return { ...a, expression: { kind: "centred", of: expression } };
  }
  if (expression.kind !== "centred" || other.of.kind !== "variance" || other.of.of !== expression.of) return null;
  const inverse = opType === "Div" ? (x: number) => 1 / other.apply(x) : other.apply;
  const epsilon = opType === "Div" || opType === "Mul" ? epsilonOf(inverse) : null;
  return epsilon === null
    ? null
    : { ...a, expression: { kind: "norm", of: expression.of, gain: null, offset: null, epsilon } };
}

const VARIANCES = [1e-6, 0.01, 1, 30] as const;

/** The epsilon of 1 / √(variance + epsilon). @returns null for another function */
function epsilonOf(inverse: (variance: number) => number): number | null {
  const epsilon = 1 / inverse(0) ** 2;
  const fits = VARIANCES.every((x) => Math.abs(inverse(x) * Math.sqrt(x + epsilon) - 1) < 1e-6);
  return fits && epsilon < 1 ? Math.fround(epsilon) : null;
}

const SQUARED = [-2, -0.5, 0, 1, 3] as const;

/** The mean over the features, or the variance: the mean of the squared differences. */
export const reduceMean: Rule = ({ node, inputs: [x], wholeNumbers }) => {
  if (!isTraced(x)) return null;
  const axes = attributeOf(node, "axes")?.ints.map(({ low }) => low) ?? wholeNumbers(1) ?? [];
  const { expression, layout } = x;
  const last = layout.at(-1) ?? [];
  const isLast = axes.length === 1 && (axes[0] === -1 || axes[0] === layout.length - 1);
  if (!isLast || (intOf(node, "keepdims") ?? 1) !== 1 || !sameAxes(last, features(widthOf(expression)))) return null;
  const reduced = [...layout.slice(0, -1), []];
  const { of, apply } = functionOf(expression);
  if (expression.kind !== "pointwise") return { ...x, expression: { kind: "mean", of: expression }, layout: reduced };
  const isSquare = of.kind === "centred" && SQUARED.every((value) => Math.abs(apply(value) - value ** 2) < 1e-6);
  return isSquare ? { ...x, expression: { kind: "variance", of: of.of }, layout: reduced } : null;
};

/** A layer normalization as one operator, with a sum before it in ONNX Runtime's form. */
export const layerNormalization: Rule = ({ node, inputs: [x, gain, offset] }) => {
  if (!isTraced(x)) return null;
  const axis = intOf(node, "axis") ?? -1;
  if (axis !== -1 && axis !== x.layout.length - 1) return null;
  return normOf(x, gain, offset, attributeOf(node, "epsilon")?.f ?? 1e-5);
};

export const skipLayerNormalization: Rule = ({ node, inputs: [x, skip, gain, offset, bias] }) => {
  if (!isTraced(x) || !isTraced(skip)) return null;
  const biased = isConstant(bias) ? (withVector("Add", x, bias) ?? withVector("Add", skip, bias)) : x;
  const other = biased?.expression.kind === "linear" && biased.expression.of === linearInput(skip) ? x : skip;
  const sum = biased === null ? null : combined("Add", biased, other, (a, b) => a + b);
  return sum === null ? null : normOf(sum, gain, offset, attributeOf(node, "epsilon")?.f ?? 1e-12);
};

function linearInput({ expression }: Traced): Expression | null {
  return expression.kind === "linear" ? expression.of : null;
}

/** @param gain a constant vector; @param offset too, or absent */
export function normOf(x: Traced, gain: Value | null | undefined, offset: Value | null | undefined, epsilon: number) {
  const { expression, layout } = x;
  const width = widthOf(expression);
  const [gains, offsets] = [gain, offset].map((one) => (isConstant(one) ? vectorOf(one, width) : null));
  const hasOffset = offset !== null && offset !== undefined;
  if (!gains || (hasOffset && !offsets) || !sameAxes(layout.at(-1) ?? [], features(width))) return null;
  const norm = { kind: "norm", of: expression, gain: gains, offset: offsets ?? null, epsilon } as const;
  return { kind: "traced", expression: norm, layout } satisfies Traced;
}
