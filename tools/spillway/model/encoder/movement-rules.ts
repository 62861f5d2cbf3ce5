/** Rules of operators that only move elements: lookups, reshaping, and the choice of the first token. */
import { isTokens, type TensorShape } from "../graph/dimension.ts";
import { attributeOf, intOf, intsOf } from "../graph/nodes.ts";
import { fromFront } from "../graph/row-rule.ts";
import { elementType, toNumber } from "../graph/tensors.ts";
import { transposed } from "./constants.ts";
import { COUNTED_POSITIONS, type Constant, type Traced, type Value } from "./expression.ts";
import { type Axis, BATCH, features, type Layout, regroup, sameAxes, sameLayout, TOKEN } from "./layout.ts";
import { type Call, isConstant, isObserved, isTraced, type Rule } from "./rule.ts";

export const identity: Rule = ({ inputs: [x] }) => x ?? null;

/** Between floating-point types only: constants are in FP32 already. */
export const cast: Rule = ({ node, inputs: [x] }) => {
  const to = attributeOf(node, "to")?.i;
  return x && to !== undefined && toNumber(to) === elementType.float ? x : null;
};

/** Between floating-point types, as `cast`. */
export const castLike: Rule = ({ inputs: [x] }) => (isTraced(x) || isConstant(x) ? x : null);

/** Does nothing, unless the graph is one for training. */
export const dropout: Rule = ({ inputs: [x, , training], wholeNumbers, scalarOf }) => {
  const isOff = training === null || training === undefined || scalarOf(training) === 0 || wholeNumbers(2)?.[0] === 0;
  return isOff ? (x ?? null) : null;
};

export const reshape: Rule = ({ inputs: [x], shape }) => {
  if (shape === undefined) return null;
  if (isConstant(x)) return { ...x, dims: shape.map((dimension) => dimension?.factor ?? 0) };
  const layout = isTraced(x) ? regroup(x.layout, shape) : null;
  return isTraced(x) && layout !== null ? { ...x, layout } : null;
};

export const transpose: Rule = ({ node, inputs: [x] }) => {
  const perm = intsOf(node, "perm");
  if (isConstant(x)) return perm === undefined || perm.join() === "1,0" ? transposed(x) : null;
  if (!isTraced(x)) return null;
  const order = perm ?? x.layout.map((_, index) => x.layout.length - 1 - index);
  return { ...x, layout: order.map((axis) => x.layout[axis] ?? []) };
};

/** Rows of a constant table by observed ids; or the first token of rows. */
export const gather: Rule = (call) => {
  const { node, inputs, wholeNumbers } = call;
  const [data, indices] = inputs;
  const axis = intOf(node, "axis") ?? 0;
  if (isConstant(data))
    return axis === 0 && isObserved(indices) ? lookup(data.values, data.dims, indices.tensor, call) : null;
  if (!isTraced(data)) return null;
  const index = wholeNumbers(1);
  if (index?.length !== 1 || index[0] !== 0) return null;
  const isScalar = call.shape !== undefined && call.shape.length < data.layout.length;
  return firstOf(data, fromFront(axis, data.layout.length), isScalar);
};

function lookup(
  table: Float32Array,
  [rows, width, more]: readonly number[],
  ids: string,
  { shape }: Call,
): Traced | null {
  if (rows === undefined || width === undefined || more !== undefined || shape === undefined) return null;
  const axes = shape.slice(0, -1).map((dimension): Axis[] | null => {
    if (isTokens(dimension)) return [TOKEN];
    if (dimension?.batch === 1 && dimension.length === 0 && dimension.factor === 1) return [BATCH];
    return dimension?.factor === 1 && dimension.batch === 0 ? [] : null;
  });
  const known = axes.flatMap((one) => (one === null ? [] : [one]));
  if (known.length !== axes.length) return null;
  const layout: Layout = [...known, features(width)];
  return { kind: "traced", expression: { kind: "lookup", table, rows, width, ids }, layout };
}

/** The first token's row, or the only one that an earlier operator left. */
function firstOf(x: Traced, axis: number, removesDimension: boolean): Traced | null {
  const own = x.layout[axis];
  if (own === undefined || (own.length > 0 && !sameAxes(own, [TOKEN]))) return null;
  const layout = x.layout.flatMap((axes, index) => (index !== axis ? [axes] : removesDimension ? [] : [[]]));
  return { ...x, layout };
}

/** The first rows of a table of positions, one per token. */
function firstPlaces(table: Constant, shape: TensorShape): Traced | null {
  const [rows, width] = table.dims.filter((size) => size !== 1);
  const isTable = table.dims.at(-1) === width && table.dims.at(-2) === rows && isTokens(shape.at(-2));
  if (!isTable || rows === undefined || width === undefined || table.values.length !== rows * width) return null;
  const layout = [...shape.slice(0, -2).map(() => []), [TOKEN], features(width)];
  return {
    kind: "traced",
    expression: { kind: "lookup", table: table.values, rows, width, ids: COUNTED_POSITIONS },
    layout,
  };
}

/** From the first token to the second, or all of a dimension; or the first rows of a table. */
export const slice: Rule = ({ node, inputs: [x], shape, wholeNumbers }) => {
  if (shape === undefined) return null;
  const bounds = (name: string, input: number) => intsOf(node, name) ?? wholeNumbers(input);
  const [starts, ends, axes] = [bounds("starts", 1), bounds("ends", 2), bounds("axes", 3)];
  if (
    starts === undefined ||
    starts.some((start) => start !== 0) ||
    (wholeNumbers(4) ?? []).some((step) => step !== 1)
  ) {
    return null;
  }
  if (isConstant(x)) return firstPlaces(x, shape);
  if (!isTraced(x)) return null;
  const unchanged = regroup(x.layout, shape);
  if (unchanged !== null && sameLayout(unchanged, x.layout)) return x;
  if (starts.length !== 1 || ends?.[0] !== 1 || (node.input[3] && axes === undefined)) return null;
  return firstOf(x, fromFront(axes?.[0] ?? 0, x.layout.length), false);
};

/** Only what repeats nothing: the tensor has the wanted shape already. */
export const expand: Rule = ({ inputs: [x], shape }): Value | null => {
  const layout = isTraced(x) && shape !== undefined ? regroup(x.layout, shape) : null;
  return isTraced(x) && layout !== null && sameLayout(layout, x.layout) ? x : null;
};
