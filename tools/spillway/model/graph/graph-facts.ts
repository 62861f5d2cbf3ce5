/** Pure. Facts about a graph that a rewrite needs: the shape of a tensor and the integers of a constant. */

import { fixed, type Shapes, type TensorShape } from "./dimension.ts";
import type { OnnxGraph, OnnxNode } from "./model.ts";
import { attributeOf } from "./nodes.ts";
import { dimensionsOf, toNumber, wholeNumbersOf } from "./tensors.ts";

export interface GraphFacts {
  shapeOf(name: string): TensorShape | undefined;
  /** @returns the values of an INT64 or INT32 constant, also through Identity; undefined for other tensors */
  wholeNumbers(name: string): readonly number[] | undefined;
}

/** @param shapes the result of `observeShapes` */
export function graphFacts(graph: OnnxGraph, shapes: Shapes): GraphFacts {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name ?? "", tensor]));
  const producers = producersOf(graph);
  const wholeNumbers = (name: string): readonly number[] | undefined => {
    const initializer = constants.get(name);
    if (initializer !== undefined) return wholeNumbersOf(initializer);
    const producer = producers.get(name);
    if (producer?.opType === "Constant") return valueOfConstant(producer);
    return producer?.opType === "Identity" ? wholeNumbers(producer.input[0] ?? "") : undefined;
  };
  return {
    shapeOf(name) {
      const constant = constants.get(name);
      return constant === undefined ? shapes.get(name) : dimensionsOf(constant).map(fixed);
    },
    wholeNumbers,
  };
}

/** @returns the node that produces each tensor */
export function producersOf(graph: OnnxGraph): Map<string, OnnxNode> {
  return new Map(graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
}

function valueOfConstant(node: OnnxNode): readonly number[] | undefined {
  const tensor = attributeOf(node, "value")?.t;
  if (tensor !== undefined) return wholeNumbersOf(tensor);
  const single = attributeOf(node, "value_int")?.i;
  if (single !== undefined) return [toNumber(single)];
  return attributeOf(node, "value_ints")?.ints.map(toNumber);
}
