/** From an encoder in full precision to the numbers of a weights file. */
import { type Architecture, padSizes, roundUp, storedLayers } from "../format/architecture.ts";
import { type MatrixKind, matrixSizes } from "../format/sections.ts";
import { checkWeights, type EncoderWeights, type LayerWeights, type Linear, type Norm } from "./encoder-weights.ts";
import { type QuantizedMatrix, quantizeColumns } from "./quantize-columns.ts";
import { type QuantizedRows, quantizeRows } from "./quantize-rows.ts";

/** A matrix as the products use it: padded, quantized, with its bias. */
export interface QuantizedLinear extends QuantizedMatrix {
  bias: Float32Array;
}

export interface QuantizedLayer {
  queryKeyValue: QuantizedLinear;
  attentionOutput: QuantizedLinear;
  attentionNorm: Norm;
  expand: QuantizedLinear;
  contract: QuantizedLinear;
  outputNorm: Norm;
}

export interface QuantizedEncoder {
  architecture: Architecture;
  words: QuantizedRows;
  /** Position plus kind 0. */
  places: QuantizedRows;
  /** f32, tokenTypes × embedding width: each kind less kind 0. Null for one kind. */
  kinds: Float32Array | null;
  embeddingNorm: Norm;
  projection: QuantizedLinear | null;
  layers: readonly QuantizedLayer[];
  head: Linear | null;
  labels: Linear;
}

/** @throws WeightsError if the matrices do not fit the architecture or hold numbers that are not finite */
export function quantizeEncoder(weights: EncoderWeights): QuantizedEncoder {
  checkWeights(weights);
  const { architecture } = weights;
  const { embedding } = padSizes(architecture);
  const { embeddingWidth } = architecture;
  return {
    architecture,
    words: quantizeRows(weights.words, embeddingWidth, embedding),
    places: quantizeRows(placesWithFirstKind(weights), embeddingWidth, embedding),
    kinds: kindDifferences(weights),
    embeddingNorm: weights.embeddingNorm,
    projection: weights.projection && quantizePlain(weights.projection, architecture, "projection"),
    layers: quantizeLayers(weights),
    head: weights.head,
    labels: weights.labels,
  };
}

function placesWithFirstKind({ places, kinds, architecture: { embeddingWidth } }: EncoderWeights): Float32Array {
  if (kinds === null) return places;
  return places.map((value, index) => value + (kinds[index % embeddingWidth] ?? 0));
}

function kindDifferences({ kinds, architecture: { embeddingWidth, tokenTypes } }: EncoderWeights): Float32Array | null {
  if (kinds === null || tokenTypes === 1) return null;
  return kinds.map((value, index) => value - (kinds[index % embeddingWidth] ?? 0));
}

function quantizeLayers({ layers, architecture }: EncoderWeights): QuantizedLayer[] {
  const stored = layers.slice(0, storedLayers(architecture)).map((layer) => quantizeLayer(layer, architecture));
  return layers.flatMap((_, index) => stored[architecture.sharesLayers ? 0 : index] ?? []);
}

function quantizeLayer(layer: LayerWeights, architecture: Architecture): QuantizedLayer {
  return {
    queryKeyValue: quantizeHeads(layer, architecture),
    attentionOutput: quantizePlain(layer.attentionOutput, architecture, "attention output", (input) =>
      paddedHeadIndex(input, architecture),
    ),
    attentionNorm: layer.attentionNorm,
    expand: quantizePlain(layer.expand, architecture, "expand"),
    contract: quantizePlain(layer.contract, architecture, "contract"),
    outputNorm: layer.outputNorm,
  };
}

/** A matrix in full precision with room for padding. */
interface Padded {
  depth: number;
  columns: number;
  weight: Float32Array;
  bias: Float32Array;
}

/** Head by head: Q, K, V. Q is divided by √(head size), which attention then need not do. */
function quantizeHeads({ query, key, value }: LayerWeights, architecture: Architecture): QuantizedLinear {
  const padded = emptyMatrix(architecture, "query key value");
  const head = padSizes(architecture).headSize;
  const factor = 1 / Math.sqrt(architecture.headSize);
  for (const [part, linear] of [query, key, value].entries()) {
    const column = (output: number) => {
      const index = Math.floor(output / architecture.headSize);
      return (3 * index + part) * head + (output % architecture.headSize);
    };
    place(padded, linear, (input) => input, column, part === 0 ? factor : 1);
  }
  return quantizePadded(padded);
}

function quantizePlain(
  linear: Linear,
  architecture: Architecture,
  kind: MatrixKind,
  row: (input: number) => number = (input) => input,
): QuantizedLinear {
  const padded = emptyMatrix(architecture, kind);
  place(padded, linear, row, (output) => output, 1);
  return quantizePadded(padded);
}

function paddedHeadIndex(index: number, { headSize }: Architecture): number {
  return Math.floor(index / headSize) * roundUp(headSize, 16) + (index % headSize);
}

function emptyMatrix(architecture: Architecture, kind: MatrixKind): Padded {
  const { depth, columns } = matrixSizes(architecture)[kind];
  return { depth, columns, weight: new Float32Array(depth * columns), bias: new Float32Array(columns) };
}

function place(
  padded: Padded,
  { inputs, outputs, weight, bias }: Linear,
  rowOf: (input: number) => number,
  columnOf: (output: number) => number,
  factor: number,
): void {
  for (let output = 0; output < outputs; output++) {
    const column = columnOf(output);
    padded.bias[column] = (bias[output] ?? 0) * factor;
    for (let input = 0; input < inputs; input++) {
      padded.weight[rowOf(input) * padded.columns + column] = (weight[input * outputs + output] ?? 0) * factor;
    }
  }
}

function quantizePadded({ weight, depth, columns, bias }: Padded): QuantizedLinear {
  return { ...quantizeColumns(weight, depth, columns), bias };
}
