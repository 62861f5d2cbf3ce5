/** Rules of operators that work along one axis or a few, or that change the layout. Rows along other axes are independent. */

import { isFixed, isOne, isSame, isTokens, productOf, type TensorShape } from "./dimension.ts";
import { intOf, intsOf } from "./nodes.ts";
import { fromFront, type RowRule, rowsOfFirst } from "./row-rule.ts";

export const softmax: RowRule = ({ node, axis, rank }) =>
  fromFront(intOf(node, "axis") ?? -1, rank) === axis ? undefined : rowsOfFirst(axis);

export const layerNormalization: RowRule = ({ node, axis, rank, facts }) => {
  const from = fromFront(intOf(node, "axis") ?? -1, rank);
  const [, scale = "", bias = ""] = node.input;
  const isShared = [scale, bias].every((name) => (facts.shapeOf(name)?.length ?? 0) <= rank - from);
  return axis < from && isShared ? rowsOfFirst(axis) : undefined;
};

/** Two summands, normalized over the last axis. The vectors after them are the same for all rows. */
export const skipLayerNormalization: RowRule = ({ node, axis, rank, facts }) => {
  const summands = node.input.slice(0, 2).map((name) => facts.shapeOf(name));
  const haveRows = summands.every((shape) => shape?.length === rank && isTokens(shape[axis]));
  return axis < rank - 1 && haveRows
    ? {
        rows: new Map([
          [0, axis],
          [1, axis],
        ]),
      }
    : undefined;
};

export const reduce: RowRule = ({ node, axis, facts }) => {
  const rank = facts.shapeOf(node.input[0] ?? "")?.length;
  const given = intsOf(node, "axes") ?? facts.wholeNumbers(node.input[1] ?? "");
  if (rank === undefined || given === undefined || given.length === 0) return undefined;
  const reduced = given.map((one) => fromFront(one, rank));
  const keepsAxes = (intOf(node, "keepdims") ?? 1) === 1;
  const left = Array.from({ length: rank }, (_, index) => index).filter((one) => keepsAxes || !reduced.includes(one));
  const own = left[axis];
  return own === undefined || reduced.includes(own) ? undefined : rowsOfFirst(own);
};

export const concat: RowRule = ({ node, axis, rank }) => {
  if (fromFront(intOf(node, "axis") ?? 0, rank) === axis) return undefined;
  return { rows: new Map(node.input.map((_, index) => [index, axis])) };
};

export const split: RowRule = ({ node, axis, rank }) =>
  fromFront(intOf(node, "axis") ?? 0, rank) === axis ? undefined : rowsOfFirst(axis);

export const slice: RowRule = ({ node, axis, rank, facts }) => {
  const starts = facts.wholeNumbers(node.input[1] ?? "");
  const axes = node.input[3] ? facts.wholeNumbers(node.input[3]) : starts?.map((_, index) => index);
  if (axes === undefined || axes.some((one) => fromFront(one, rank) === axis)) return undefined;
  return rowsOfFirst(axis);
};

export const gather: RowRule = ({ node, axis, facts }) => {
  const data = facts.shapeOf(node.input[0] ?? "");
  const indices = facts.shapeOf(node.input[1] ?? "");
  if (data === undefined || indices === undefined) return undefined;
  const along = fromFront(intOf(node, "axis") ?? 0, data.length);
  if (axis < along) return rowsOfFirst(axis);
  if (axis < along + indices.length) return { rows: new Map([[1, axis - along]]) };
  return rowsOfFirst(axis - indices.length + 1);
};

/** In a target shape of Reshape: the dimension of the input, and the remaining elements. */
const SAME = 0;
const REST = -1;

export const transpose: RowRule = ({ node, axis, rank }) => {
  const own = intsOf(node, "perm")?.[axis] ?? rank - 1 - axis;
  return rowsOfFirst(own);
};

/** The tokens must stay a separate dimension with the same number of elements before it. The computed target becomes a constant. */
export const reshape: RowRule = ({ node, axis, facts }) => {
  const before = facts.shapeOf(node.input[0] ?? "");
  const after = facts.shapeOf(node.output[0] ?? "");
  if (before === undefined || after === undefined) return undefined;
  const outer = productOf(after.slice(0, axis));
  const own = before.findIndex(
    (dimension, index) => isTokens(dimension) && isSame(productOf(before.slice(0, index)), outer),
  );
  const target = own < 0 ? undefined : targetShape(before, after, own, axis);
  if (target === undefined) return undefined;
  // With allowzero, 0 would mean an empty tensor.
  const attribute = node.attribute.filter(({ name }) => name !== "allowzero");
  return { rows: new Map([[0, own]]), constants: new Map([[1, target]]), attribute };
};

function targetShape(before: TensorShape, after: TensorShape, own: number, axis: number): number[] | undefined {
  const target = after.map((dimension, index) => {
    if (index === axis) return 1;
    if (isFixed(dimension)) return dimension.factor;
    return index !== own && isSame(dimension, before[index]) ? SAME : REST;
  });
  return target.filter((one) => one === REST).length <= 1 ? target : undefined;
}

/** In the target of Expand, 1 keeps a dimension. */
export const expand: RowRule = ({ node, axis, rank, facts }) => {
  const before = facts.shapeOf(node.input[0] ?? "");
  const after = facts.shapeOf(node.output[0] ?? "");
  if (before === undefined || after === undefined) return undefined;
  const added = rank - before.length;
  const target: number[] = [];
  for (const [index, dimension] of after.entries()) {
    if (index === axis || isSame(dimension, before[index - added])) target.push(1);
    else if (isFixed(dimension)) target.push(dimension.factor);
    else return undefined;
  }
  const own = axis - added;
  const rows = new Map(own >= 0 && !isOne(before[own]) ? [[0, own] as const] : []);
  return { rows, constants: new Map([[1, target]]) };
};

export const unsqueeze: RowRule = ({ node, axis, rank, facts }) => {
  const axes = facts.wholeNumbers(node.input[1] ?? "")?.map((one) => fromFront(one, rank));
  if (axes === undefined || axes.includes(axis)) return undefined;
  return rowsOfFirst(axis - axes.filter((one) => one < axis).length);
};

export const squeeze: RowRule = ({ node, axis, facts }) => {
  const before = facts.shapeOf(node.input[0] ?? "");
  const axes = facts.wholeNumbers(node.input[1] ?? "");
  // Without axes every dimension of size one is dropped, and the selected row would be one of them.
  if (before === undefined || axes === undefined) return undefined;
  const dropped = axes.map((one) => fromFront(one, before.length));
  const own = before.map((_, index) => index).filter((index) => !dropped.includes(index))[axis];
  return own === undefined ? undefined : rowsOfFirst(own);
};
