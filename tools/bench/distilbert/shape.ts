/** What a generated classifier looks like. The defaults are DistilBERT's: 66 M parameters, 268 MB as FP32, 67 MB as INT8. */
export interface DistilbertShape {
  /** `bert` takes token_type_ids and has a pooler; `roberta` counts positions from the padding and has a head of two layers. */
  family: "distilbert" | "bert" | "roberta";
  layers: number;
  /** Width of the hidden state; a multiple of `heads`. */
  dim: number;
  heads: number;
  /** Width inside the feed-forward. */
  hidden: number;
  /** Words of the tokenizer and rows of the embedding table; at least 128. */
  vocabulary: number;
  /** The most tokens of a text, special ones included. */
  positions: number;
  labels: readonly string[];
  problemType: "single_label_classification" | "multi_label_classification";
  /** 13 and above; from 17 on LayerNormalization is one operator. */
  opset: number;
  /** Other weights for another seed. */
  seed: number;
  /** Whether model_quantized.onnx is written too. */
  quantized: boolean;
  /** One scale per output column of the quantized weights instead of one per matrix. */
  perChannel: boolean;
}

const distilbertBase: DistilbertShape = {
  family: "distilbert",
  layers: 6,
  dim: 768,
  heads: 12,
  hidden: 3072,
  vocabulary: 30_522,
  positions: 512,
  labels: ["NEGATIVE", "POSITIVE"],
  problemType: "single_label_classification",
  opset: 17,
  seed: 1,
  quantized: true,
  perChannel: false,
};

const VOCABULARY_MIN = 128;

/** @throws RangeError with one sentence when such a model cannot be. */
export function completeShape(given: Partial<DistilbertShape>): DistilbertShape {
  const shape = { ...distilbertBase, ...given };
  if (shape.dim % shape.heads !== 0) {
    throw new RangeError(`dim is ${shape.dim}, which ${shape.heads} heads cannot share; use a multiple of heads.`);
  }
  if (shape.vocabulary < VOCABULARY_MIN) {
    throw new RangeError(`vocabulary is ${shape.vocabulary}; the letters and signs alone need ${VOCABULARY_MIN}.`);
  }
  return shape;
}
