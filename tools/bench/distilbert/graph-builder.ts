/** Collects nodes and constants in the order they are made, and hands out the names of tensors. */

import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../../spillway/model/graph/model.ts";
import { makeNode } from "../../spillway/model/graph/nodes.ts";
import { elementType, floatTensor, int64Bytes, int64Tensor, rawTensor } from "../../spillway/model/graph/tensors.ts";

export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();
  readonly #counts = new Map<string, number>();

  get initializers(): OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /** Adds a node of one output. @returns the output's name, unless `output` names it. */
  node(opType: string, inputs: readonly string[], attributes: readonly OnnxAttribute[] = [], output?: string): string {
    const name = output ?? this.#newName(opType);
    this.nodes.push(makeNode(opType, inputs, [name], attributes));
    return name;
  }

  nodeOf(opType: string, inputs: readonly string[], outputs: readonly string[]): void {
    this.nodes.push(makeNode(opType, inputs, outputs));
  }

  /** @returns the constant's name; one that is there already is not added again. */
  constant(tensor: OnnxTensor): string {
    const name = tensor.name ?? "";
    if (!this.#constants.has(name)) this.#constants.set(name, tensor);
    return name;
  }

  ints(values: readonly number[]): string {
    return this.constant(int64Tensor(`ints_${values.join("_")}`, values));
  }

  /** An INT64 scalar. */
  int(value: number): string {
    return this.constant(rawTensor(`int_${value}`, elementType.int64, [], int64Bytes([value])));
  }

  /** An FP32 scalar. */
  float(value: number): string {
    return this.constant(floatTensor(`float_${value}`, [], Float32Array.of(value)));
  }

  #newName(opType: string): string {
    const count = this.#counts.get(opType) ?? 0;
    this.#counts.set(opType, count + 1);
    return `/${opType}_${count}`;
  }
}
