/** Operators that lay the same numbers out in another way. Target shapes that were computed from the tokens become constants. */
import { intsOf } from "./attributes.ts";
import { isFixed, isOne, isSame, isTokens, productOf, type TensorShape } from "./dimension.ts";
import { fromFront, type RowRule, rowsOfFirst } from "./row-rule.ts";

/** In a target shape of Reshape: the input's own dimension, and whatever is left. */
const SAME = 0;
const REST = -1;

export const transpose: RowRule = ({ node, axis, rank }) => {
  const own = intsOf(node, "perm")?.[axis] ?? rank - 1 - axis;
  return rowsOfFirst(own);
};

/** The tokens must stay a dimension of their own with the same number of elements before it. */
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
  // With allowzero a 0 would mean an empty tensor.
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

/** Stretching: 1 in the target leaves a dimension as it is. */
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
  // Without axes every dimension of one is dropped, which the selected row would be.
  if (before === undefined || axes === undefined) return undefined;
  const dropped = axes.map((one) => fromFront(one, before.length));
  const own = before.map((_, index) => index).filter((index) => !dropped.includes(index))[axis];
  return own === undefined ? undefined : rowsOfFirst(own);
};
