/** The reference with the engine's quantization: its integers are the engine's, its f32 functions are double precision. */
import { padSizes } from "../format/architecture.ts";
import type { QuantizedEncoder, QuantizedLayer, QuantizedLinear } from "../pack/quantize-encoder.ts";
import type { QuantizedRows } from "../pack/quantize-rows.ts";
import { multiplyBy } from "./float-model.ts";
import { multiplyRow, quantizeRow } from "./quantized-product.ts";
import type { ReferenceLayer, ReferenceModel } from "./run-reference.ts";

/** Rows are padded to 16, as in the engine. */
export function quantizedModel(encoder: QuantizedEncoder): ReferenceModel {
  const { architecture, words, places, kinds } = encoder;
  return {
    architecture,
    embed(id, position, kind) {
      const [word, place] = [dequantized(words, id), dequantized(places, position)];
      const width = architecture.embeddingWidth;
      return word.map((value, index) => {
        const segment = kinds === null || index >= width ? 0 : (kinds[kind * width + index] ?? 0);
        return value + (place[index] ?? 0) + segment;
      });
    },
    embeddingNorm: encoder.embeddingNorm,
    project: encoder.projection && multiplyQuantized(encoder.projection),
    layers: encoder.layers.map((layer) => quantizedLayer(layer, architecture.heads, padSizes(architecture).headSize)),
    head: encoder.head && multiplyBy(encoder.head),
    labels: multiplyBy(encoder.labels),
  };
}

function quantizedLayer(layer: QuantizedLayer, heads: number, headSize: number): ReferenceLayer {
  const multiply = multiplyQuantized(layer.queryKeyValue);
  return {
    heads(rows) {
      const all = rows.map(multiply);
      const part = (head: number, index: number) => {
        const first = (3 * head + index) * headSize;
        return all.map((row) => row.subarray(first, first + headSize));
      };
      return Array.from({ length: heads }, (_, head) => ({ q: part(head, 0), k: part(head, 1), v: part(head, 2) }));
    },
    attentionOutput: multiplyQuantized(layer.attentionOutput),
    attentionNorm: layer.attentionNorm,
    expand: multiplyQuantized(layer.expand),
    contract: multiplyQuantized(layer.contract),
    outputNorm: layer.outputNorm,
  };
}

function multiplyQuantized(matrix: QuantizedLinear): (row: Float32Array) => Float32Array {
  return (row) => multiplyRow(quantizeRow(row), matrix);
}

/** A row of a table as f32, padded. */
export function dequantized({ q, scales, step }: QuantizedRows, row: number): Float32Array {
  const scale = scales[row] ?? 0;
  return Float32Array.from(q.subarray(row * step, (row + 1) * step), (value) => value * scale);
}
