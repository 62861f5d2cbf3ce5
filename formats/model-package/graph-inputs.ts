/** Pure. The inputs and the output of a package's graph: what BERT-family text classifiers have. All inputs are int64 [batch, tokens]. */

export const GRAPH_INPUTS = ["input_ids", "attention_mask", "token_type_ids"] as const;
export type GraphInput = (typeof GRAPH_INPUTS)[number];

/** The input that every graph has; the others are optional. */
export const TOKEN_IDS_INPUT: GraphInput = "input_ids";

/** The output: float32 [batch, labels]. */
export const LOGITS_OUTPUT = "logits";

/** Whether a graph's input has a name that the package format knows. */
export function isGraphInput(name: string): name is GraphInput {
  return GRAPH_INPUTS.some((input) => input === name);
}

/** One token of a row. */
interface InputToken {
  id: number;
  /** Its segment: 0 for every token of most single texts. */
  typeId?: number | undefined;
  isPadding?: boolean;
}

/** The input's value at the position of one token. */
export function inputValue(input: GraphInput, { id, typeId = 0, isPadding = false }: InputToken): number {
  switch (input) {
    case "input_ids":
      return id;
    case "attention_mask":
      return isPadding ? 0 : 1;
    case "token_type_ids":
      return typeId;
  }
}

interface RowOptions {
  /** One for each token id. Default: all 0. */
  typeIds?: readonly number[] | undefined;
  /** How many of the tokens belong to the text; the rest is padding. Default: all. */
  textTokens?: number;
}

/** The input's values for one row of a batch. */
export function inputRow(
  input: GraphInput,
  tokenIds: readonly number[],
  { typeIds, textTokens = tokenIds.length }: RowOptions = {},
): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(tokenIds, (id, at) =>
    BigInt(inputValue(input, { id, typeId: typeIds?.[at], isPadding: at >= textTokens })),
  );
}
