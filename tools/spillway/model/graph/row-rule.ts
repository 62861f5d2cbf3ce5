/**
 * A rule states which rows of a node's inputs are enough for row 0 along `axis` of its outputs. A rule must hold for all values: the
 * result is the same, computed in the same way.
 */
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxAttribute, OnnxNode } from "./model.ts";

export interface RowQuestion {
  readonly node: OnnxNode;
  /** Axis of the outputs, counted from the front. Along it the outputs have a row for each token. */
  readonly axis: number;
  /** Number of the first output's dimensions. */
  readonly rank: number;
  readonly facts: GraphFacts;
}

export interface RowAnswer {
  /** Input number → the axis along which its row 0 is enough. All other inputs are needed whole. */
  readonly rows: ReadonlyMap<number, number>;
  /** Input number → the INT64 vector that replaces it. */
  readonly constants?: ReadonlyMap<number, readonly number[]>;
  /** Replaces the node's attributes. */
  readonly attribute?: readonly OnnxAttribute[];
}

/** Returns undefined when one row cannot be computed without the others. */
export type RowRule = (question: RowQuestion) => RowAnswer | undefined;

/** @returns the axis counted from the front; a negative axis counts from the end */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The answer "row 0 of the first input along this axis". */
export function rowsOfFirst(axis: number): RowAnswer {
  return { rows: new Map([[0, axis]]) };
}
