/** Nodes and their attributes. */

import type { OnnxAttribute, OnnxNode, ValueInfo } from "./model.ts";
import { int64, toNumber } from "./tensors.ts";

/** @returns a node of the standard operator set, named after its first output */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly OnnxAttribute[] = [],
): OnnxNode {
  return { opType, input, output, name: output[0] ?? opType, attribute, metadataProps: [], deviceConfigurations: [] };
}

/** @param dimensions a number is a fixed dimension, a word a dimension that is known only when the model runs */
export function tensorValue(name: string, elemType: number, dimensions: readonly (number | string)[]): ValueInfo {
  const dim = dimensions.map((one) => (typeof one === "number" ? { dimValue: int64(one) } : { dimParam: one }));
  return { name, type: { tensorType: { elemType, shape: { dim } } }, metadataProps: [] };
}

/** Whether an operator belongs to the standard set of ONNX. */
export function isStandard(node: OnnxNode): boolean {
  return node.domain === undefined || node.domain === "" || node.domain === "ai.onnx";
}

/** Type numbers of AttributeProto.AttributeType in onnx.proto. */
const FLOAT = 1;
const INT = 2;
const INTS = 7;

const empty = {
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
  sparseTensors: [],
  typeProtos: [],
} as const;

/** @returns an attribute of type FLOAT */
export function floatAttribute(name: string, value: number): OnnxAttribute {
  return { ...empty, name, type: FLOAT, f: value };
}

/** @returns an attribute of type INT; throws a RangeError when the value is not a safe integer */
export function intAttribute(name: string, value: number): OnnxAttribute {
  return { ...empty, name, type: INT, i: int64(value) };
}

/** @returns an attribute of type INTS; throws a RangeError when a value is not a safe integer */
export function intsAttribute(name: string, values: readonly number[]): OnnxAttribute {
  return { ...empty, name, type: INTS, ints: values.map(int64) };
}

/** @returns undefined when the node does not set the attribute */
export function attributeOf(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** @returns undefined when the node does not set the attribute */
export function intOf(node: OnnxNode, name: string): number | undefined {
  const value = attributeOf(node, name)?.i;
  return value === undefined ? undefined : toNumber(value);
}

/** @returns undefined when the node does not set the attribute */
export function intsOf(node: OnnxNode, name: string): number[] | undefined {
  return attributeOf(node, name)?.ints.map(toNumber);
}

/**
 * Names of the outer graph that a node's inner graphs (of If, Loop, Scan) may read without declaring them as inputs.
 * @returns every name inside of them: a name too many keeps a tensor, a name too few would break the model
 */
export function namesInSubgraphs(node: OnnxNode): string[] {
  return node.attribute
    .flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]))
    .flatMap((graph) => [
      ...graph.output.map(({ name }) => name),
      ...graph.node.flatMap((inner) => [...inner.input, ...namesInSubgraphs(inner)]),
    ]);
}
