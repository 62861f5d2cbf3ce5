/**
 * The question a rule answers: which rows of a node's inputs are enough for row 0 along `axis` of its outputs? Only rules that
 * hold for every value are allowed: the same numbers come out, in the same way.
 */
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxAttribute, OnnxNode } from "./model.ts";

export interface RowQuestion {
  readonly node: OnnxNode;
  /** Of the outputs, counted from the front. Along it the outputs have a row for each token. */
  readonly axis: number;
  /** Number of the first output's dimensions. */
  readonly rank: number;
  readonly facts: GraphFacts;
}

export interface RowAnswer {
  /** Input number → the axis along which row 0 of it is enough. All other inputs are needed whole. */
  readonly rows: ReadonlyMap<number, number>;
  /** Input number → INT64 vector to put in its place. */
  readonly constants?: ReadonlyMap<number, readonly number[]>;
  /** In place of the node's own. */
  readonly attribute?: readonly OnnxAttribute[];
}

/** Undefined where one row cannot be computed alone. */
export type RowRule = (question: RowQuestion) => RowAnswer | undefined;

/** An axis counted from either end, counted from the front. */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function rowsOfFirst(axis: number): RowAnswer {
  return { rows: new Map([[0, axis]]) };
}
