/** Collects the nodes and constants of a graph in the order of their creation, and names their outputs. */
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

  /** Adds a node with one output. @returns the output's name, which is `output` if given */
  node(opType: string, inputs: readonly string[], attributes: readonly OnnxAttribute[] = [], output?: string): string {
    const name = output ?? this.#newName(opType);
    this.nodes.push(makeNode(opType, inputs, [name], attributes));
    return name;
  }

  /** Adds a node with several named outputs. */
  nodeOf(opType: string, inputs: readonly string[], outputs: readonly string[]): void {
    this.nodes.push(makeNode(opType, inputs, outputs));
  }

  /** Adds a constant, unless one of its name exists. @returns its name */
  constant(tensor: OnnxTensor): string {
    const name = tensor.name ?? "";
    if (!this.#constants.has(name)) this.#constants.set(name, tensor);
    return name;
  }

  /** An INT64 vector. @returns its name */
  ints(values: readonly number[]): string {
    return this.constant(int64Tensor(`ints_${values.join("_")}`, values));
  }

  /** An INT64 scalar. @returns its name */
  int(value: number): string {
    return this.constant(rawTensor(`int_${value}`, elementType.int64, [], int64Bytes([value])));
  }

  /** An FP32 scalar. @returns its name */
  float(value: number): string {
    return this.constant(floatTensor(`float_${value}`, [], Float32Array.of(value)));
  }

  #newName(opType: string): string {
    const count = this.#counts.get(opType) ?? 0;
    this.#counts.set(opType, count + 1);
    return `/${opType}_${count}`;
  }
}
