/** The byte layout of a quantized matrix: what the tiles of the products read in order. */
import type { QuantizedLinear } from "./quantize-encoder.ts";

/** Columns of one block; a vector has four of them. */
const BLOCK_COLUMNS = 8;

/** `[columns / 8][depth / 16][2 vectors][4 quads][4 columns][4 k]` @param matrix depth and columns are multiples of 16 */
export function packWeights({ q, depth, columns }: Pick<QuantizedLinear, "q" | "depth" | "columns">): Int8Array {
  const packed = new Int8Array(depth * columns);
  let at = 0;
  for (let block = 0; block < columns; block += BLOCK_COLUMNS) {
    for (let step = 0; step < depth; step += 16) {
      for (let vector = block; vector < block + BLOCK_COLUMNS; vector += 4) {
        for (let quad = step; quad < step + 16; quad += 4) {
          for (let column = vector; column < vector + 4; column++) {
            for (let k = quad; k < quad + 4; k++) packed[at++] = q[k * columns + column] ?? 0;
          }
        }
      }
    }
  }
  return packed;
}

/** Per four columns: their scales (f32), sums (i32) and biases (f32). */
export function packColumns({
  scales,
  sums,
  bias,
  columns,
}: Pick<QuantizedLinear, "scales" | "sums" | "bias" | "columns">): Uint8Array {
  const floats = new Float32Array(columns * 3);
  const integers = new Int32Array(floats.buffer);
  for (let column = 0; column < columns; column++) {
    const at = Math.floor(column / 4) * 12 + (column % 4);
    floats[at] = scales[column] ?? 0;
    integers[at + 4] = sums[column] ?? 0;
    floats[at + 8] = bias[column] ?? 0;
  }
  return new Uint8Array(floats.buffer);
}
