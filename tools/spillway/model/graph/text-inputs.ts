/** What a BERT-family classifier is fed: word ids, a mask and perhaps types, each [batch, tokens]. */
import { Tensor } from "onnxruntime-node";
import { producersOf } from "./graph-facts.ts";
import type { OnnxGraph, OnnxNode, OnnxTensor } from "./model.ts";
import { dimensionsOf, elementType } from "./tensors.ts";

const known = ["input_ids", "attention_mask", "token_type_ids"] as const;
type InputName = (typeof known)[number];

export interface TextInputs {
  readonly names: readonly InputName[];
  /** Rows of the word table: every smaller id may be fed. */
  readonly vocabularySize: number;
  /** Rows of the other tables that are looked up: one of them, or a few less, is the most tokens a text may have. */
  readonly tableRows: readonly number[];
}

/** @throws Error with one sentence when the model wants something else than a tokenized text. */
export function textInputsOf(graph: OnnxGraph): TextInputs {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const names = graph.input
    .filter(({ name }) => !weights.has(name))
    .map(({ name, type }) => {
      const found = known.find((one) => one === name);
      if (found !== undefined && type?.tensorType?.elemType === elementType.int64) return found;
      throw new Error(`It takes an input "${name}"; only ${known.join(", ")} of type INT64 can be fed here.`);
    });
  if (!names.includes("input_ids")) throw new Error("It takes no input_ids.");
  const tables = lookedUpTables(graph);
  const vocabularySize = tables.find(({ isOfWords }) => isOfWords)?.rows;
  if (vocabularySize === undefined) throw new Error("No table is looked up by its input_ids.");
  return { names, vocabularySize, tableRows: tables.filter(({ isOfWords }) => !isOfWords).map(({ rows }) => rows) };
}

/** `rowTokens`: how many tokens of each text are no padding. */
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

/** Constant matrices whose rows are chosen by Gather, and whether input_ids chooses them. */
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

/** Positions are counted inside of the fused operator, so they have no ids. */
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
