/** What an encoder is made of, and which encoders the engine can run. Pure: no I/O. */
import { WeightsError } from "../weights-error.ts";

/** Codes are positions in this list, in the weights file and in the kernels: append only. */
export const ACTIVATIONS = ["none", "gelu-erf", "gelu-tanh", "relu", "tanh"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/**
 * A BERT-like classifier: embeddings, layers with the normalization after each sum, and a head on the first token.
 * All sizes are those of the model; the engine pads them by itself.
 */
export interface Architecture {
  /** Rows of the word table. */
  vocabulary: number;
  /** Rows of the position table that texts can reach; the longest text, plus one where `padToken` is set. */
  positions: number;
  /** Kinds of segments. 1: every text is one segment. */
  tokenTypes: number;
  /**
   * Null: the n-th token has position n. A token id: tokens of this id have position 0 and are not counted, and others count from 1
   * (RoBERTa and XLM-R).
   */
  padToken: number | null;
  /** Floats of an embedding. Where it differs from `width`, a product widens the embeddings (ELECTRA). */
  embeddingWidth: number;
  /** Floats of a token between layers. */
  width: number;
  heads: number;
  /** Floats of one head's query. */
  headSize: number;
  /** Floats between the two products of the feed-forward block. */
  feedForward: number;
  layers: number;
  /** Every layer has the weights of the first one, which a file has once (ALBERT). */
  sharesLayers: boolean;
  labels: number;
  /** Within the feed-forward block. */
  activation: Activation;
  /** After the head's first layer; "none": the head has only the output layer. */
  headActivation: Activation;
  /** Of every layer normalization. */
  epsilon: number;
}

/** Largest value of each size. They keep every address within 32 bits and every sum within int32. */
const MAX_SIZES = {
  vocabulary: 1_000_000,
  positions: 8_192,
  tokenTypes: 16,
  embeddingWidth: 4_096,
  width: 4_096,
  heads: 64,
  headSize: 256,
  feedForward: 16_384,
  layers: 48,
  labels: 65_536,
} as const satisfies Partial<Record<keyof Architecture, number>>;

export type SizeName = keyof typeof MAX_SIZES;
export const SIZE_NAMES: readonly SizeName[] = [
  "vocabulary",
  "positions",
  "tokenTypes",
  "embeddingWidth",
  "width",
  "heads",
  "headSize",
  "feedForward",
  "layers",
  "labels",
];

const FEED_FORWARD_ACTIVATIONS: readonly Activation[] = ["gelu-erf", "gelu-tanh", "relu"];

/** @throws WeightsError with one sentence that names the first size that the engine cannot run */
export function checkArchitecture(architecture: Architecture): void {
  for (const name of SIZE_NAMES) {
    const value = architecture[name];
    const max = MAX_SIZES[name];
    if (!Number.isSafeInteger(value) || value < 1 || value > max) {
      throw new WeightsError(`The engine cannot run this model: ${name} is ${value}, allowed are 1 to ${max}.`);
    }
  }
  for (const name of ["embeddingWidth", "width"] as const) {
    if (architecture[name] % 8 !== 0) {
      throw new WeightsError(
        `The engine cannot run this model: ${name} is ${architecture[name]}, and it must be a multiple of 8.`,
      );
    }
  }
  const { activation, padToken, vocabulary, epsilon } = architecture;
  if (!FEED_FORWARD_ACTIVATIONS.includes(activation)) {
    const allowed = FEED_FORWARD_ACTIVATIONS.join(", ");
    throw new WeightsError(
      `The engine cannot run this model: the activation is ${activation}, allowed are ${allowed}.`,
    );
  }
  if (padToken !== null && !(Number.isSafeInteger(padToken) && padToken >= 0 && padToken < vocabulary)) {
    throw new WeightsError(`The engine cannot run this model: padToken is ${padToken}, outside the vocabulary.`);
  }
  if (!(epsilon >= 0 && epsilon < 1)) {
    throw new WeightsError(`The engine cannot run this model: epsilon is ${epsilon}, allowed are 0 up to 1.`);
  }
}

/** Layers whose weights a file has. */
export function storedLayers({ layers, sharesLayers }: Architecture): number {
  return sharesLayers ? 1 : layers;
}

/** Tokens of the longest text: the positions that can be reached. */
export function longestText({ positions, padToken }: Architecture): number {
  return padToken === null ? positions : positions - 1;
}

/** Sizes as they lie in memory: each dimension is padded to 16 with zeros. */
export interface PaddedSizes {
  embedding: number;
  width: number;
  headSize: number;
  /** All heads side by side. */
  context: number;
  feedForward: number;
}

/** @returns every padded dimension, in elements */
export function padSizes({ embeddingWidth, width, heads, headSize, feedForward }: Architecture): PaddedSizes {
  const paddedHead = roundUp(headSize, 16);
  return {
    embedding: roundUp(embeddingWidth, 16),
    width: roundUp(width, 16),
    headSize: paddedHead,
    context: heads * paddedHead,
    feedForward: roundUp(feedForward, 16),
  };
}

/** Whether a product widens the embeddings. */
export function hasProjection({ embeddingWidth, width }: Architecture): boolean {
  return embeddingWidth !== width;
}

/** @returns the smallest multiple of `step` that is not below `value` */
export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
