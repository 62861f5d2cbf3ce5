/** What a tensor of a classifier's graph means: an expression per token, and where its tokens and features lie. */
import type { Layout } from "./layout.ts";

/** Rows of a table, chosen by the integers of another tensor. */
export interface Lookup {
  kind: "lookup";
  table: Float32Array;
  rows: number;
  width: number;
  /** The tensor of the ids. */
  ids: string;
}

/** Instead of a tensor of ids: 0, 1, 2 …, one per token. */
export const COUNTED_POSITIONS = "counted positions";

/** of · weight + bias; `weight` is row-major, inputs × outputs. */
export interface LinearMap {
  kind: "linear";
  of: Expression;
  inputs: number;
  outputs: number;
  weight: Float32Array;
  bias: Float32Array | null;
}

export interface Sum {
  kind: "sum";
  left: Expression;
  right: Expression;
}

/** One function of one number, for each feature. */
export interface Pointwise {
  kind: "pointwise";
  of: Expression;
  apply: (x: number) => number;
}

/** Normalized over the features. Null: without a gain, without an offset. */
export interface Normalized {
  kind: "norm";
  of: Expression;
  gain: Float32Array | null;
  offset: Float32Array | null;
  epsilon: number;
}

/** A part of a layer normalization: over the features the mean, the difference from it, or the mean of its squares. */
export interface Moment {
  kind: "mean" | "centred" | "variance";
  of: Expression;
}

/** A tensor that decides which keys attention may see. */
export interface Mask {
  tensor: string;
  /** "added": 0 keeps a key, a large negative number masks it. Otherwise the value that keeps a key. */
  keeps: "added" | boolean;
}

/** (query · keyᵀ) · factor, head by head, with masks. */
export interface Scores {
  kind: "scores";
  query: Expression;
  key: Expression;
  heads: number;
  headSize: number;
  factor: number;
  masks: readonly Mask[];
}

/** The softmax of scores, or whether an element of it is not a number. */
export interface Shares {
  kind: "shares" | "not a number";
  of: Scores;
}

/** Shares · value, head by head. */
export interface Attention {
  kind: "attention";
  scores: Scores;
  value: Expression;
}

export type Expression = Lookup | LinearMap | Sum | Pointwise | Normalized | Moment | Scores | Shares | Attention;

/** A float tensor that depends on weights. */
export interface Traced {
  kind: "traced";
  expression: Expression;
  layout: Layout;
}

/** A constant in FP32. */
export interface Constant {
  kind: "constant";
  dims: readonly number[];
  values: Float32Array;
}

/** A tensor that depends on no weight: ids, masks, shapes. Its values are observed, not read from the graph. */
export interface Observed {
  kind: "observed";
  tensor: string;
  /** Depends on the inputs' shapes only, not on their values. */
  ofShapes: boolean;
}

/** A tensor that the engine has no counterpart for. */
export interface Unknown {
  kind: "unknown";
  /** A sentence without its full stop. */
  why: string;
}

export type Value = Traced | Constant | Observed | Unknown;

export function unknown(why: string): Unknown {
  return { kind: "unknown", why };
}

/** Features of one token. @returns 0 for scores, which have none */
export function widthOf(expression: Expression): number {
  switch (expression.kind) {
    case "lookup":
      return expression.width;
    case "linear":
      return expression.outputs;
    case "sum":
      return widthOf(expression.left);
    case "mean":
    case "variance":
      return 1;
    case "pointwise":
    case "norm":
    case "centred":
      return widthOf(expression.of);
    case "attention":
      return expression.scores.heads * expression.scores.headSize;
    default:
      return 0;
  }
}

/** Applies a function to each number of a tensor. */
export function pointwise({ expression, layout }: Traced, apply: (x: number) => number): Traced {
  const inner = expression.kind === "pointwise" ? expression : null;
  const composed = inner === null ? apply : (x: number) => apply(inner.apply(x));
  return { kind: "traced", expression: { kind: "pointwise", of: inner?.of ?? expression, apply: composed }, layout };
}

const PROBES = [0, 1, -1, 0.25, -3, 7.5] as const;
const MAX_RELATIVE_GAP = 1e-6;

/** An expression as a multiple of another one. @returns null if a function that is no multiplication was applied to it */
export function factored(expression: Expression): { of: Expression; factor: number } | null {
  if (expression.kind !== "pointwise") return { of: expression, factor: 1 };
  const { of, apply } = expression;
  const factor = apply(1);
  const isFactor = PROBES.every((x) => Math.abs(apply(x) - factor * x) <= MAX_RELATIVE_GAP * Math.abs(factor * x));
  return isFactor && factor !== 0 ? { of, factor } : null;
}
