/** The reference in full precision. */
import type { EncoderWeights, LayerWeights, Linear } from "../pack/encoder-weights.ts";
import type { ReferenceLayer, ReferenceModel } from "./run-reference.ts";

/** The model with its weights as they are: f32, not quantized. */
export function floatModel(weights: EncoderWeights): ReferenceModel {
  const { architecture, words, places, kinds } = weights;
  const { embeddingWidth } = architecture;
  const rowOf = (table: Float32Array, row: number) => table.subarray(row * embeddingWidth, (row + 1) * embeddingWidth);
  return {
    architecture,
    embed(id, position, kind) {
      const place = rowOf(places, position);
      const segment = kinds === null ? null : rowOf(kinds, kind);
      return rowOf(words, id).map((value, index) => value + (place[index] ?? 0) + (segment?.[index] ?? 0));
    },
    embeddingNorm: weights.embeddingNorm,
    project: weights.projection && multiplyBy(weights.projection),
    layers: weights.layers.map((layer) => floatLayer(layer, architecture.heads, architecture.headSize)),
    head: weights.head && multiplyBy(weights.head),
    labels: multiplyBy(weights.labels),
  };
}

function floatLayer(layer: LayerWeights, heads: number, headSize: number): ReferenceLayer {
  const [query, key, value] = [layer.query, layer.key, layer.value].map(multiplyBy);
  const factor = 1 / Math.sqrt(headSize);
  return {
    heads(rows) {
      const [q = [], k = [], v = []] = [query, key, value].map((multiply) => rows.map((row) => multiply?.(row) ?? row));
      const part = (all: readonly Float32Array[], head: number) =>
        all.map((row) => row.subarray(head * headSize, (head + 1) * headSize));
      return Array.from({ length: heads }, (_, head) => ({
        q: part(q, head).map((row) => row.map((x) => x * factor)),
        k: part(k, head),
        v: part(v, head),
      }));
    },
    attentionOutput: multiplyBy(layer.attentionOutput),
    attentionNorm: layer.attentionNorm,
    expand: multiplyBy(layer.expand),
    contract: multiplyBy(layer.contract),
    outputNorm: layer.outputNorm,
  };
}

/** @returns the function row → row · weight + bias; a row may be padded */
export function multiplyBy({ inputs, outputs, weight, bias }: Linear): (row: Float32Array) => Float32Array {
  return (row) => {
    const sums = Float64Array.from(bias);
    for (let input = 0; input < inputs; input++) {
      const x = row[input] ?? 0;
      for (let output = 0; output < outputs; output++) {
        sums[output] = (sums[output] ?? 0) + x * (weight[input * outputs + output] ?? 0);
      }
    }
    return Float32Array.from(sums);
  };
}
