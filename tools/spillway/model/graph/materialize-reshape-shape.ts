/** Pure. The shape that a tensor had before it was narrowed, put together from the model's input instead of read off the tensor. */

import { isBatch, isFixed, isTokens, type TensorShape } from "./dimension.ts";
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxNode } from "./model.ts";
import { intAttribute, intOf, isStandard, makeNode } from "./nodes.ts";
import { fromFront } from "./row-rule.ts";

/** Where texts and tokens stand in the shape of an input of [batch, tokens]. */
const TEXTS = 0;
const TOKENS = 1;

/** Whether every dimension that a Shape node gives is a constant, the texts or the tokens. */
export function isMaterializable(node: OnnxNode, facts: GraphFacts): boolean {
  const shape = facts.shapeOf(node.input[0] ?? "");
  if (node.opType !== "Shape" || !isStandard(node) || shape === undefined) return false;
  return shape.every((one) => isFixed(one) || isBatch(one) || isTokens(one));
}

/**
 * Nodes that give what the Shape node gave, under the same name. `tokenInput` is [batch, tokens]; `vector` makes a constant and
 * gives its name; `scope` begins the names of tensors made here.
 */
export function materializeReshapeShape(
  node: OnnxNode,
  shape: TensorShape,
  tokenInput: string,
  vector: (values: readonly number[]) => string,
  scope: string,
): OnnxNode[] {
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
