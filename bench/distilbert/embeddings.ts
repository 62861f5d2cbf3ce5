/** The first hidden state, [batch, tokens, dim], of each family. */
import { intAttribute } from "../../models/onnx/attributes.ts";
import { elementType } from "../../models/onnx/element-type.ts";
import { int64Bytes } from "../../models/onnx/int64.ts";
import { rawTensor } from "../../models/onnx/tensors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { layerNorm } from "./layer-norm.ts";
import type { Precision } from "./precision.ts";
import type { DistilbertShape } from "./shape.ts";

/** RoBERTa's padding has id 1, and its positions start after it. */
export const ROBERTA_PADDING_ID = 1;
export const ROBERTA_POSITION_OFFSET = ROBERTA_PADDING_ID + 1;

export function embeddings(graph: GraphBuilder, weights: Precision, shape: DistilbertShape): string {
  const { family, vocabulary, dim, positions } = shape;
  const words = weights.embed("input_ids", "embeddings.word_embeddings", vocabulary, dim);
  const rows = family === "roberta" ? positions + ROBERTA_POSITION_OFFSET : positions;
  const ids = family === "roberta" ? positionsAfterPadding(graph) : positionsFromZero(graph, positions);
  const placed = graph.node("Add", [words, weights.embed(ids, "embeddings.position_embeddings", rows, dim)]);
  const summed =
    family === "bert"
      ? graph.node("Add", [placed, weights.embed("token_type_ids", "embeddings.token_type_embeddings", 2, dim)])
      : placed;
  return layerNorm(graph, shape, summed, "embeddings.LayerNorm");
}

/** 0, 1, 2 … cut from a constant row. */
function positionsFromZero(graph: GraphBuilder, positions: number): string {
  const counting = Array.from({ length: positions }, (_, index) => index);
  const row = graph.constant(rawTensor("position_ids", elementType.int64, [1, positions], int64Bytes(counting)));
  const tokens = graph.node("Gather", [graph.node("Shape", ["input_ids"]), graph.int(1)], [intAttribute("axis", 0)]);
  const end = graph.node("Unsqueeze", [tokens, graph.ints([0])]);
  return graph.node("Slice", [row, graph.ints([0]), end, graph.ints([1])]);
}

/** Counted over the tokens that are no padding. */
function positionsAfterPadding(graph: GraphBuilder): string {
  const isPadding = graph.node("Equal", ["input_ids", graph.int(ROBERTA_PADDING_ID)]);
  const asInt = [intAttribute("to", elementType.int64)];
  const isText = graph.node("Cast", [graph.node("Not", [isPadding])], asInt);
  const counted = graph.node("Mul", [graph.node("CumSum", [isText, graph.int(1)]), isText]);
  return graph.node("Add", [counted, graph.int(ROBERTA_PADDING_ID)]);
}
