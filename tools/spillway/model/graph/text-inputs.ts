/** The inputs of a BERT-family classifier: token ids, a mask and optionally token types, each of shape [batch, tokens]. */
import { Tensor } from "onnxruntime-node";
import {
  GRAPH_INPUTS,
  type GraphInput,
  inputRow,
  isGraphInput,
  TOKEN_IDS_INPUT,
} from "../../../../formats/model-package/graph-inputs.ts";
import { producersOf } from "./graph-facts.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./model.ts";
import { dimensionsOf, elementType } from "./tensors.ts";

export interface TextInputs {
  readonly names: readonly GraphInput[];
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
      if (isGraphInput(name) && type?.tensorType?.elemType === elementType.int64) return name;
      throw new Error(`It has an input "${name}"; only ${GRAPH_INPUTS.join(", ")} of type INT64 are supported.`);
    });
  if (!names.includes(TOKEN_IDS_INPUT)) throw new Error("It has no input input_ids.");
  const tables = lookedUpTables(graph);
  const vocabularySize = tables.find(({ isOfWords }) => isOfWords)?.rows;
  if (vocabularySize === undefined) throw new Error("None of its tables is looked up by input_ids.");
  return { names, vocabularySize, tableRows: tables.filter(({ isOfWords }) => !isOfWords).map(({ rows }) => rows) };
}

/** A batch of texts of random tokens. @param rowTokens for each text, the number of tokens before the padding */
export function feedsFor(
  { names, vocabularySize }: TextInputs,
  tokens: number,
  rowTokens: readonly number[],
  random: () => number,
): Record<string, Tensor> {
  const rows = rowTokens.map((textTokens) => ({
    textTokens,
    tokenIds: Array.from({ length: tokens }, () => Math.floor(random() * vocabularySize)),
  }));
  const feed = (name: GraphInput) => {
    const values = rows.flatMap(({ tokenIds, textTokens }) => [...inputRow(name, tokenIds, { textTokens })]);
    return [name, new Tensor("int64", BigInt64Array.from(values), [rows.length, tokens])] as const;
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
    return dims === undefined ? [] : [{ rows: dims[0], isOfWords: sourceOf(ids) === TOKEN_IDS_INPUT }];
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
