/** Encoders with random weights, for tests and benchmarks: the same seed gives the same weights. */
import { type Architecture, hasProjection } from "../format/architecture.ts";
import type { EncoderWeights, LayerWeights, Linear, Norm } from "../pack/encoder-weights.ts";

/** The size of DistilBERT: 66 million weights. */
export const DISTILBERT: Architecture = {
  vocabulary: 30_522,
  positions: 512,
  tokenTypes: 1,
  padToken: null,
  embeddingWidth: 768,
  width: 768,
  heads: 12,
  headSize: 64,
  feedForward: 3072,
  layers: 6,
  sharesLayers: false,
  labels: 20,
  activation: "gelu-erf",
  headActivation: "relu",
  epsilon: 1e-12,
};

export interface SampleOptions {
  seed: number;
  /**
   * Four channels of every layer's outputs are this many times larger, and the weights that read them as many times smaller. So it is in
   * pretrained models of BERT's size: the large channels carry little information, but they set the range. Default 1.
   */
  outlierFactor?: number;
}

const OUTLIER_CHANNELS = 4;

/** @returns weights with the spread of a trained model: products keep the size of what they multiply */
export function randomEncoder(architecture: Architecture, { seed, outlierFactor = 1 }: SampleOptions): EncoderWeights {
  const normal = normalNumbers(seed);
  const { vocabulary, positions, tokenTypes, embeddingWidth, width, heads, headSize, feedForward } = architecture;
  const table = (rows: number) => filled(rows * embeddingWidth, () => normal() * 0.05);
  const linear = (inputs: number, outputs: number, factors: Float32Array | null = null): Linear => ({
    inputs,
    outputs,
    weight: filled(inputs * outputs, (index) => {
      const weight = normal() / Math.sqrt(inputs);
      return factors === null ? weight : weight / (factors[Math.floor(index / outputs)] ?? 1);
    }),
    bias: filled(outputs, () => normal() * 0.05),
  });
  const outliers = filled(width, () => 1);
  for (let index = 0; index < OUTLIER_CHANNELS; index++)
    outliers[Math.floor((width * (index + 0.5)) / OUTLIER_CHANNELS)] = outlierFactor;
  const norm = (size: number, factors: Float32Array | null = null): Norm => ({
    gain: filled(size, (index) => (1 + normal() * 0.1) * (factors?.[index] ?? 1)),
    offset: filled(size, () => normal() * 0.05),
  });
  const layer = (_: unknown, index: number): LayerWeights => {
    // The first layer reads the embeddings, which have no such channels.
    const before = index === 0 ? null : outliers;
    return {
      query: linear(width, heads * headSize, before),
      key: linear(width, heads * headSize, before),
      value: linear(width, heads * headSize, before),
      attentionOutput: linear(heads * headSize, width),
      attentionNorm: norm(width, outliers),
      expand: linear(width, feedForward, outliers),
      contract: linear(feedForward, width),
      outputNorm: norm(width, outliers),
    };
  };
  return {
    architecture,
    words: table(vocabulary),
    places: table(positions),
    kinds: tokenTypes > 1 ? table(tokenTypes) : null,
    embeddingNorm: norm(embeddingWidth),
    projection: hasProjection(architecture) ? linear(embeddingWidth, width) : null,
    layers: architecture.sharesLayers
      ? new Array<LayerWeights>(architecture.layers).fill(layer(null, 1))
      : Array.from({ length: architecture.layers }, layer),
    head: architecture.headActivation === "none" ? null : linear(width, width, outliers),
    labels: linear(width, architecture.labels, architecture.headActivation === "none" ? outliers : null),
  };
}

/** @returns random token ids of the vocabulary */
export function randomIds({ vocabulary }: Architecture, count: number, seed: number): number[] {
  const uniform = uniformNumbers(seed);
  return Array.from({ length: count }, () => Math.floor(uniform() * vocabulary));
}

function filled(length: number, value: (index: number) => number): Float32Array {
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++) values[index] = value(index);
  return values;
}

/** Numbers in [0, 1) by Mulberry32. */
export function uniformNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Normally distributed numbers, by the sum of four uniform ones: fast, and without far outliers. */
function normalNumbers(seed: number): () => number {
  const uniform = uniformNumbers(seed);
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}
