/** Operators that work along one axis, or a few: rows along every other axis are independent. */
import { intOf, intsOf } from "./attributes.ts";
import { isTokens } from "./dimension.ts";
import { fromFront, type RowRule, rowsOfFirst } from "./row-rule.ts";

export const softmax: RowRule = ({ node, axis, rank }) =>
  fromFront(intOf(node, "axis") ?? -1, rank) === axis ? undefined : rowsOfFirst(axis);

export const layerNormalization: RowRule = ({ node, axis, rank, facts }) => {
  const from = fromFront(intOf(node, "axis") ?? -1, rank);
  const [, scale = "", bias = ""] = node.input;
  const isShared = [scale, bias].every((name) => (facts.shapeOf(name)?.length ?? 0) <= rank - from);
  return axis < from && isShared ? rowsOfFirst(axis) : undefined;
};

/** Two summands, normalized over the last axis; the vectors after them are the same for all rows. */
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
