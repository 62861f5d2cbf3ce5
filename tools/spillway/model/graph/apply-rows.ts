/** Pure. Applies a row plan: narrowed nodes get new inputs, and the row of a tensor that stays whole is sliced from it. */
import type { GraphFacts } from "./graph-facts.ts";
import { isMaterializable, materializeReshapeShape } from "./materialize-reshape-shape.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./model.ts";
import { makeNode } from "./nodes.ts";
import type { RowPlan } from "./row-plan.ts";
import { int64Tensor } from "./tensors.ts";

/**
 * @param tokenInput an input of shape [batch, tokens]: shapes that a narrowed tensor no longer has are built from it
 * @returns a new graph; the given one is unchanged
 */
export function applyRows(graph: OnnxGraph, plan: RowPlan, facts: GraphFacts, tokenInput: string): OnnxGraph {
  const scope = unusedScope(graph);
  const isNarrow = narrowTensors(plan);
  const constants = new Map<string, OnnxTensor>();
  const vector = (values: readonly number[]): string => {
    const name = `${scope}/ints_${values.join("_")}`;
    constants.set(name, int64Tensor(name, values));
    return name;
  };
  const rowName = (tensor: string, axis: number) => (isNarrow(tensor) ? tensor : `${scope}/axis_${axis}/${tensor}`);

  const narrowed = (node: OnnxNode): OnnxNode => {
    const { constants: fixed, rows, attribute } = plan.narrowed.get(node) ?? readRows(plan, node);
    const input = node.input.map((name, index) => {
      const values = fixed?.get(index);
      const axis = rows.get(index);
      if (values !== undefined) return vector(values);
      return axis === undefined ? name : rowName(name, axis);
    });
    return { ...node, input, attribute: attribute ?? node.attribute };
  };
  const cutRows = (tensor: string): OnnxNode[] => {
    const axes = isNarrow(tensor) ? [] : plan.rowAxesOf(tensor);
    return axes.map((axis) =>
      makeNode("Slice", [tensor, vector([0]), vector([1]), vector([axis])], [rowName(tensor, axis)]),
    );
  };
  const replaced = (node: OnnxNode): OnnxNode[] => {
    const [source = ""] = node.input;
    if (!isNarrow(source) || !isMaterializable(node, facts)) return [narrowed(node)];
    return materializeReshapeShape(node, { shape: facts.shapeOf(source) ?? [], tokenInput, vector, scope });
  };

  const given = [...new Set([...graph.input, ...graph.initializer].map(({ name }) => name ?? ""))];
  const wanted = graph.node.filter((node) => plan.isWanted(node));
  const node = [
    ...given.flatMap(cutRows),
    ...wanted.flatMap((one) => [...replaced(one), ...one.output.flatMap(cutRows)]),
  ];
  return {
    ...graph,
    node,
    initializer: [...graph.initializer, ...constants.values()],
    // The recorded types of narrowed tensors are no longer right.
    valueInfo: graph.valueInfo.filter(({ name }) => !isNarrow(name)),
  };
}

function narrowTensors({ narrowed }: RowPlan): (tensor: string) => boolean {
  const names = new Set([...narrowed.keys()].flatMap(({ output }) => output));
  return (tensor) => names.has(tensor);
}

/** A node that is not narrowed may still read one row. It is given that row. */
function readRows({ reads }: RowPlan, node: OnnxNode) {
  const axis = reads.get(node);
  const rows = new Map<number, number>(axis === undefined ? [] : [[0, axis]]);
  return { rows, constants: undefined, attribute: undefined };
}

/** The prefix of new names. A graph that was rewritten before already uses one. */
function unusedScope(graph: OnnxGraph): string {
  const names = [...graph.node.flatMap(({ output }) => output), ...graph.initializer.map(({ name }) => name ?? "")];
  let scope = "first_token";
  while (names.some((name) => name.startsWith(`${scope}/`))) scope = `${scope}_`;
  return scope;
}
