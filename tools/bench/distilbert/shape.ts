/** The shape of a generated classifier. The defaults are DistilBERT's: 66 M parameters, 268 MB as FP32, 67 MB as INT8. */
export interface DistilbertShape {
  /** `bert` takes token_type_ids and has a pooler; `roberta` counts positions from the padding and has a head of two layers. */
  family: "distilbert" | "bert" | "roberta";
  layers: number;
  /** Width of the hidden state; a multiple of `heads`. */
  dim: number;
  heads: number;
  /** Width inside the feed-forward. */
  hidden: number;
  /** Word pieces of the tokenizer and rows of the embedding table; at least 128. */
  vocabulary: number;
  /** Limit of a text in tokens, including special tokens. */
  positions: number;
  labels: readonly string[];
  problemType: "single_label_classification" | "multi_label_classification";
  /** 13 or higher. From 17, LayerNormalization is one operator. */
  opset: number;
  /** Of the weights. */
  seed: number;
  /**
   * Whether a few channels of the rows between layers are thirty times larger than the others, as pretrained models of BERT's size have
   * them. "compensated": the matrices that read these channels are as many times smaller there, so the channels set the range of a row
   * and carry little information. "raw": they are not, so that attention and logits depend on these channels and saturate.
   */
  outliers: "none" | "compensated" | "raw";
  /** Whether to write model_quantized.onnx too. */
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
  outliers: "none",
  quantized: true,
  perChannel: false,
};

/** What benches generate for `--model distilbert`. */
export const BENCH_SHAPE: Partial<DistilbertShape> = { outliers: "compensated" };

const MIN_VOCABULARY = 128;

const OUTLIER_CHANNELS = 4;
const OUTLIER_FACTOR = 30;

/** @returns how many times larger each channel is made by the layers' normalizations */
export function channelFactors({ dim, outliers }: DistilbertShape): Float32Array {
  const factors = new Float32Array(dim).fill(1);
  if (outliers === "none") return factors;
  for (let index = 0; index < OUTLIER_CHANNELS; index++) {
    factors[Math.floor((dim * (index + 0.5)) / OUTLIER_CHANNELS)] = OUTLIER_FACTOR;
  }
  return factors;
}

/** @returns the shape with defaults @throws RangeError with one sentence if no model can have this shape */
export function completeShape(given: Partial<DistilbertShape>): DistilbertShape {
  const shape = { ...distilbertBase, ...given };
  if (shape.dim % shape.heads !== 0) {
    throw new RangeError(`dim is ${shape.dim}; it must be a multiple of heads, which is ${shape.heads}.`);
  }
  if (shape.vocabulary < MIN_VOCABULARY) {
    throw new RangeError(
      `vocabulary is ${shape.vocabulary}; it must be at least ${MIN_VOCABULARY}, for letters and signs.`,
    );
  }
  return shape;
}
