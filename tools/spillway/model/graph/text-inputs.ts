/** The inputs of a BERT-family classifier: token ids, a mask and optionally token types, each of shape [batch, tokens]. */
import { Tensor } from "onnxruntime-node";
import { producersOf } from "./graph-facts.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./model.ts";
import { dimensionsOf, elementType } from "./tensors.ts";

const known = ["input_ids", "attention_mask", "token_type_ids"] as const;
type InputName = (typeof known)[number];

export interface TextInputs {
  readonly names: readonly InputName[];
  /** Rows of the word table. Every smaller id is valid. */
  readonly vocabularySize: number;
  /** Rows of the other lookup tables. One of them, less an offset, is the largest number of tokens of a text. */
  readonly tableRows: readonly number[];
}

/** @throws Error with one sentence when the model has an input other than a tokenized text */
export function textInputsOf(graph: OnnxGraph): TextInputs {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const names = graph.input
    .filter(({ name }) => !weights.has(name))
    .map(({ name, type }) => {
      const found = known.find((one) => one === name);
      if (found !== undefined && type?.tensorType?.elemType === elementType.int64) return found;
      throw new Error(`It has an input "${name}"; only ${known.join(", ")} of type INT64 are supported.`);
    });
  if (!names.includes("input_ids")) throw new Error("It has no input input_ids.");
  const tables = lookedUpTables(graph);
  const vocabularySize = tables.find(({ isOfWords }) => isOfWords)?.rows;
  if (vocabularySize === undefined) throw new Error("None of its tables is looked up by input_ids.");
  return { names, vocabularySize, tableRows: tables.filter(({ isOfWords }) => !isOfWords).map(({ rows }) => rows) };
}

/** @param rowTokens for each text, the number of tokens before the padding */
export function feedsFor(
  { names, vocabularySize }: TextInputs,
  tokens: number,
  rowTokens: readonly number[],
  random: () => number,
): Record<string, Tensor> {
  const values: Record<InputName, (index: number, isText: boolean) => number> = {
    input_ids: () => Math.floor(random() * vocabularySize),
    attention_mask: (_, isText) => (isText ? 1 : 0),
    token_type_ids: () => 0,
  };
  const dims = [rowTokens.length, tokens];
  const feed = (name: InputName) => {
    const numbers = rowTokens.flatMap((textTokens) =>
      Array.from({ length: tokens }, (_, index) => BigInt(values[name](index, index < textTokens))),
    );
    return [name, new Tensor("int64", BigInt64Array.from(numbers), dims)] as const;
  };
  return Object.fromEntries(names.map(feed));
}

/** Constant matrices whose rows Gather selects, and whether input_ids selects them. */
function lookedUpTables(graph: OnnxGraph): { rows: number; isOfWords: boolean }[] {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name ?? "", tensor]));
  const producers = producersOf(graph);
  const passing = new Set(["Identity", "Cast", "Reshape", "DequantizeLinear"]);
  const sourceOf = (name: string): string => {
    const producer = producers.get(name);
    return producer !== undefined && passing.has(producer.opType) ? sourceOf(producer.input[0] ?? "") : name;
  };
  return graph.node.flatMap(lookupsOf).flatMap(({ table, ids }) => {
    const dims = dimensionsOfTable(constants.get(sourceOf(table)));
    return dims === undefined ? [] : [{ rows: dims[0], isOfWords: sourceOf(ids) === "input_ids" }];
  });
}

/** The fused operator counts positions itself, so they have no ids. */
function lookupsOf({ opType, input }: OnnxNode): { table: string; ids: string }[] {
  const [first = "", second = "", words = "", positions = ""] = input;
  if (opType === "Gather") return [{ table: first, ids: second }];
  if (opType !== "EmbedLayerNormalization") return [];
  return [
    { table: words, ids: first },
    { table: positions, ids: "" },
  ];
}

function dimensionsOfTable(tensor: OnnxTensor | undefined): readonly [number, number] | undefined {
  const [rows, width, more] = tensor === undefined ? [] : dimensionsOf(tensor);
  return rows === undefined || width === undefined || more !== undefined ? undefined : [rows, width];
}
