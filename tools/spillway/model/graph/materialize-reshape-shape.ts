/** Pure. Builds the shape that a tensor had before it was narrowed from the model's input, in place of a Shape node. */

import { isBatch, isFixed, isTokens, type TensorShape } from "./dimension.ts";
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxNode } from "./model.ts";
import { intAttribute, intOf, isStandard, makeNode } from "./nodes.ts";
import { fromFront } from "./row-rule.ts";

/** Positions in the shape of an input of [batch, tokens]. */
const TEXTS = 0;
const TOKENS = 1;

/** Whether every dimension that a Shape node returns is a constant, the batch or the tokens. */
export function isMaterializable(node: OnnxNode, facts: GraphFacts): boolean {
  const shape = facts.shapeOf(node.input[0] ?? "");
  if (node.opType !== "Shape" || !isStandard(node) || shape === undefined) return false;
  return shape.every((one) => isFixed(one) || isBatch(one) || isTokens(one));
}

export interface ShapeSource {
  /** The shape before narrowing. */
  shape: TensorShape;
  /** An input of shape [batch, tokens]. */
  tokenInput: string;
  /** Creates an INT64 constant and returns its name. */
  vector: (values: readonly number[]) => string;
  /** The prefix of new tensor names. */
  scope: string;
}

/** @returns nodes that compute the output of a Shape node, under the same name */
export function materializeReshapeShape(node: OnnxNode, { shape, tokenInput, vector, scope }: ShapeSource): OnnxNode[] {
  const [output = ""] = node.output;
  const start = fromFront(intOf(node, "start") ?? 0, shape.length);
  const end = fromFront(intOf(node, "end") ?? shape.length, shape.length);
  const ofInput = `${scope}/${output}`;
  const gathered: OnnxNode[] = [];
  const parts = shape.slice(start, end).map((dimension, position) => {
    if (isFixed(dimension)) return vector([dimension.factor]);
    const part = `${ofInput}/${position}`;
    const index = vector([isTokens(dimension) ? TOKENS : TEXTS]);
    gathered.push(makeNode("Gather", [ofInput, index], [part], [intAttribute("axis", 0)]));
    return part;
  });
  const joined = makeNode("Concat", parts, [output], [intAttribute("axis", 0)]);
  return [makeNode("Shape", [tokenInput], [ofInput]), ...gathered, joined];
}
