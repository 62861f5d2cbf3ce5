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

/** The input's value at one position of a text of one segment. */
export function inputValue(input: GraphInput, tokenId: number, isPadding = false): number {
  switch (input) {
    case "input_ids":
      return tokenId;
    case "attention_mask":
      return isPadding ? 0 : 1;
    case "token_type_ids":
      return 0;
  }
}

/**
 * The input's values for one row of a batch.
 * @param textTokens how many of the tokens belong to the text; the rest is padding
 */
export function inputRow(
  input: GraphInput,
  tokenIds: readonly number[],
  textTokens: number = tokenIds.length,
): BigInt64Array<ArrayBuffer> {
  return BigInt64Array.from(tokenIds, (tokenId, at) => BigInt(inputValue(input, tokenId, at >= textTokens)));
}
