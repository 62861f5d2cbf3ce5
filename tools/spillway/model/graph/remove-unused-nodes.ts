/** Pure. Removes the nodes, weights and inputs of a graph that no output depends on. */
import type { OnnxGraph, OnnxNode } from "./model.ts";
import { namesInSubgraphs } from "./nodes.ts";

/** @returns a new graph; the given one is unchanged */
export function removeUnusedNodes(graph: OnnxGraph): OnnxGraph {
  const wanted = new Set(graph.output.map(({ name }) => name));
  const live: OnnxNode[] = [];
  for (const node of graph.node.toReversed()) {
    if (!node.output.some((name) => wanted.has(name))) continue;
    live.push(node);
    for (const name of [...node.input, ...namesInSubgraphs(node)]) wanted.add(name);
  }
  const made = new Set(live.flatMap(({ output }) => output));
  const dropped = new Set(graph.initializer.map(({ name }) => name ?? "").filter((name) => !wanted.has(name)));
  const remains = (name: string | undefined) => name !== undefined && (wanted.has(name) || made.has(name));
  return {
    ...graph,
    node: live.reverse(),
    initializer: graph.initializer.filter(({ name }) => !dropped.has(name ?? "")),
    sparseInitializer: graph.sparseInitializer.filter(({ values }) => remains(values?.name)),
    // Old files list weights among the inputs. Without its weights such an input would have to be fed.
    input: graph.input.filter(({ name }) => !dropped.has(name)),
    valueInfo: graph.valueInfo.filter(({ name }) => remains(name)),
    quantizationAnnotation: graph.quantizationAnnotation.filter(({ tensorName }) => remains(tensorName)),
  };
}
