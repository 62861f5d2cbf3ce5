/** Pure. Tensors of the outer graph that a node's inner graphs (of If, Loop, Scan) may read without naming them as inputs. */
import type { OnnxNode } from "./model.ts";

/** Every name that occurs inside: a few too many keep a tensor alive, one too few would break the model. */
export function namesInSubgraphs(node: OnnxNode): string[] {
  return node.attribute
    .flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]))
    .flatMap((graph) => [
      ...graph.output.map(({ name }) => name),
      ...graph.node.flatMap((inner) => [...inner.input, ...namesInSubgraphs(inner)]),
    ]);
}
