/**
 * Pure. Decides, from the outputs back to the inputs, which nodes need to compute only the first token's row. A node is narrowed when
 * only that row of it is read. A tensor that is also read whole stays whole, and its row is sliced from it.
 */

import { isTokens } from "./dimension.ts";
import type { GraphFacts } from "./graph-facts.ts";
import { isMaterializable } from "./materialize-reshape-shape.ts";
import type { OnnxGraph, OnnxNode } from "./model.ts";
import { intOf, isStandard, namesInSubgraphs } from "./nodes.ts";
import { fromFront, type RowAnswer } from "./row-rule.ts";
import { rowRuleOf } from "./row-rules.ts";

export interface RowPlan {
  /** Nodes to narrow, with the axis of their outputs and the rows that they need. */
  readonly narrowed: ReadonlyMap<OnnxNode, RowAnswer & { readonly axis: number }>;
  /** Nodes that read the first row of their first input along this axis. */
  readonly reads: ReadonlyMap<OnnxNode, number>;
  /** Nodes of which only one row is read, but which cannot be narrowed. */
  readonly stops: readonly OnnxNode[];
  /** Axes along which row 0 of a tensor is wanted. */
  rowAxesOf(tensor: string): readonly number[];
  isWanted(node: OnnxNode): boolean;
}

/** What is read of one tensor. */
interface Demand {
  whole: boolean;
  axes: Set<number>;
}

/** @returns the plan; the graph is unchanged */
export function planRows(graph: OnnxGraph, facts: GraphFacts): RowPlan {
  const demands = new Map<string, Demand>();
  const demandOf = (name: string): Demand => {
    const known = demands.get(name) ?? { whole: false, axes: new Set<number>() };
    demands.set(name, known);
    return known;
  };
  const narrowed = new Map<OnnxNode, RowAnswer & { axis: number }>();
  const reads = new Map<OnnxNode, number>();
  const stops: OnnxNode[] = [];
  const isWanted = (node: OnnxNode) => node.output.some((name) => demands.has(name));

  for (const { name } of graph.output) demandOf(name).whole = true;
  for (const node of graph.node.toReversed()) {
    if (!isWanted(node)) continue;
    for (const name of namesInSubgraphs(node)) demandOf(name).whole = true;
    const axis = onlyRowAxis(node.output.flatMap((name) => demands.get(name) ?? []));
    const answer = axis === undefined ? undefined : answerFor(node, axis, facts);
    const readAxis = firstRowRead(node, facts);
    if (axis !== undefined && answer !== undefined) narrowed.set(node, { ...answer, axis });
    else if (readAxis !== undefined) reads.set(node, readAxis);
    else if (axis !== undefined) stops.push(node);
    const rows = answer?.rows ?? new Map(readAxis === undefined ? [] : [[0, readAxis] as const]);
    for (const [index, name] of node.input.entries()) {
      if (name === "" || answer?.constants?.has(index)) continue;
      const row = rows.get(index);
      if (row !== undefined) demandOf(name).axes.add(row);
      // A shape can be built without the tensor. A tensor that only a Shape node reads is not changed.
      else if (isMaterializable(node, facts)) demandOf(name);
      else demandOf(name).whole = true;
    }
  }
  return { narrowed, reads, stops, isWanted, rowAxesOf: (tensor) => [...(demands.get(tensor)?.axes ?? [])] };
}

function answerFor(node: OnnxNode, axis: number, facts: GraphFacts): RowAnswer | undefined {
  const rank = facts.shapeOf(node.output[0] ?? "")?.length;
  return rank === undefined ? undefined : rowRuleOf(node)?.({ node, axis, rank, facts });
}

/** The axis along which only row 0 of these outputs is read; undefined when there is no such axis. */
function onlyRowAxis(demands: readonly Demand[]): number | undefined {
  const axes = new Set(demands.flatMap((demand) => [...demand.axes]));
  const [axis] = axes;
  return axes.size === 1 && demands.every(({ whole, axes: own }) => !whole && own.size === 1) ? axis : undefined;
}

/** The axis of the node's first input along which it reads only row 0, as the head of a sequence classifier does. */
function firstRowRead(node: OnnxNode, facts: GraphFacts): number | undefined {
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
  // Bounds that are not constants can have any value.
  if ((bounds[2] && axes === undefined) || (bounds[3] && steps === undefined)) return undefined;
  for (const [index, start] of starts.entries()) {
    const axis = fromFront(axes?.[index] ?? index, shape.length);
    const isFirstRow = start === 0 && ends[index] === 1 && (steps?.[index] ?? 1) === 1;
    if (isFirstRow && isTokens(shape[axis])) return axis;
  }
  return undefined;
}
