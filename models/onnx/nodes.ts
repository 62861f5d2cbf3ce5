/** Making nodes and the values a graph takes and gives. */
import { int64 } from "./int64.ts";
import type { OnnxAttribute, OnnxNode, ValueInfo } from "./model.ts";

/** A node of the standard operators. Its name is its first output's: unique where that is. */
export function makeNode(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly OnnxAttribute[] = [],
): OnnxNode {
  return { opType, input, output, name: output[0] ?? opType, attribute, metadataProps: [], deviceConfigurations: [] };
}

/** A number is a fixed dimension, a word one that is known only when the model runs. */
export function tensorValue(name: string, elemType: number, dimensions: readonly (number | string)[]): ValueInfo {
  const dim = dimensions.map((one) => (typeof one === "number" ? { dimValue: int64(one) } : { dimParam: one }));
  return { name, type: { tensorType: { elemType, shape: { dim } } }, metadataProps: [] };
}

export function isStandard(node: OnnxNode): boolean {
  return node.domain === undefined || node.domain === "" || node.domain === "ai.onnx";
}
