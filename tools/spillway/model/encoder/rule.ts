/** What a rule gets to decide the meaning of a node's output. */
import type { TensorShape } from "../graph/dimension.ts";
import type { OnnxNode } from "../graph/model.ts";
import { fromFront } from "../graph/row-rule.ts";
import type { Constant, Observed, Traced, Value } from "./expression.ts";

export interface Call {
  node: OnnxNode;
  /** Null: an optional input that is not used. */
  inputs: readonly (Value | null)[];
  /** Of the first output, if it was observed. */
  shape: TensorShape | undefined;
  /** The integers of a constant, by the input's number. */
  wholeNumbers(input: number): readonly number[] | undefined;
  /** The value if it is one number that is the same in every run. */
  scalarOf(value: Value | null | undefined): number | null;
}

/** @returns null if the engine has no counterpart for the node */
export type Rule = (call: Call) => Value | null;

export function isTraced(value: Value | null | undefined): value is Traced {
  return value?.kind === "traced";
}

export function isConstant(value: Value | null | undefined): value is Constant {
  return value?.kind === "constant";
}

export function isObserved(value: Value | null | undefined): value is Observed {
  return value?.kind === "observed";
}

/** Whether an axis, counted from the front or the end, is the last one. */
export function isLastAxis(axis: number, { layout }: Traced): boolean {
  return fromFront(axis, layout.length) === layout.length - 1;
}
