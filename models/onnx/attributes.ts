/** Making and reading a node's attributes. Source of the type numbers: AttributeProto.AttributeType of onnx.proto. */
import { int64, toNumber } from "./int64.ts";
import type { OnnxAttribute, OnnxNode } from "./model.ts";

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

export function floatAttribute(name: string, value: number): OnnxAttribute {
  return { ...empty, name, type: FLOAT, f: value };
}

export function intAttribute(name: string, value: number): OnnxAttribute {
  return { ...empty, name, type: INT, i: int64(value) };
}

export function intsAttribute(name: string, values: readonly number[]): OnnxAttribute {
  return { ...empty, name, type: INTS, ints: values.map(int64) };
}

export function attributeOf(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** Undefined where the node does not set it. */
export function intOf(node: OnnxNode, name: string): number | undefined {
  const value = attributeOf(node, name)?.i;
  return value === undefined ? undefined : toNumber(value);
}

/** Undefined where the node does not set it. */
export function intsOf(node: OnnxNode, name: string): number[] | undefined {
  return attributeOf(node, name)?.ints.map(toNumber);
}
