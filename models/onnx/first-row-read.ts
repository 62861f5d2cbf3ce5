/** Pure. Finds the reads that take the first token's row and no other: what the head of a sequence classifier does. */
import { intOf } from "./attributes.ts";
import { isTokens } from "./dimension.ts";
import type { GraphFacts } from "./graph-facts.ts";
import type { OnnxNode } from "./model.ts";
import { isStandard } from "./nodes.ts";
import { fromFront } from "./row-rule.ts";

/** The axis of the node's first input along which only row 0 is read, if there is one. */
export function firstRowRead(node: OnnxNode, facts: GraphFacts): number | undefined {
  if (!isStandard(node)) return undefined;
  if (node.opType === "Gather") return gatheredAxis(node, facts);
  return node.opType === "Slice" ? slicedAxis(node, facts) : undefined;
}

/** Index 0 along the tokens. */
function gatheredAxis(node: OnnxNode, facts: GraphFacts): number | undefined {
  const [data = "", indices = ""] = node.input;
  const shape = facts.shapeOf(data);
  const values = facts.wholeNumbers(indices);
  if (shape === undefined || values?.length !== 1 || values[0] !== 0) return undefined;
  const axis = fromFront(intOf(node, "axis") ?? 0, shape.length);
  return isTokens(shape[axis]) ? axis : undefined;
}

/** From 0 to 1 along the tokens. */
function slicedAxis(node: OnnxNode, facts: GraphFacts): number | undefined {
  const [data = "", ...bounds] = node.input;
  const shape = facts.shapeOf(data);
  const [starts, ends, axes, steps] = bounds.map((name) => facts.wholeNumbers(name));
  if (shape === undefined || starts === undefined || ends === undefined) return undefined;
  // Bounds that are named but no constants could be anything.
  if ((bounds[2] && axes === undefined) || (bounds[3] && steps === undefined)) return undefined;
  for (const [index, start] of starts.entries()) {
    const axis = fromFront(axes?.[index] ?? index, shape.length);
    const isFirstRow = start === 0 && ends[index] === 1 && (steps?.[index] ?? 1) === 1;
    if (isFirstRow && isTokens(shape[axis])) return axis;
  }
  return undefined;
}
