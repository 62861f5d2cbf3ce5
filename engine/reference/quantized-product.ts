/** The plain form of quantized products: exact to the bit, every rounding to f32 included. */
import type { QuantizedLinear } from "../pack/quantize-encoder.ts";

/** One row as unsigned 7-bit numbers: value ≈ (q − zeroPoint) · scale. */
export interface QuantizedRow {
  q: Uint8Array;
  scale: number;
  zeroPoint: number;
}

const LEVELS = 127;
const SMALLEST_RANGE = Math.fround(1e-30);
const ROUNDING_BIAS = 12_582_912;
const f32 = Math.fround;

/** The range of the row includes 0; the zero point is rounded to a whole number, ties to even. */
export function quantizeRow(values: Float32Array): QuantizedRow {
  const lowest = values.reduce((least, value) => Math.min(least, value), 0);
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  const range = f32(highest - lowest);
  if (!(range > SMALLEST_RANGE)) return { q: new Uint8Array(values.length), scale: 0, zeroPoint: 0 };
  const inverse = f32(LEVELS / range);
  const zeroPoint = roundHalfEven(f32(-lowest * inverse));
  const q = Uint8Array.from(values, (value) => {
    const shifted = f32(f32(value * inverse) + f32(ROUNDING_BIAS + zeroPoint));
    return Math.max(0, Math.min(LEVELS, shifted - ROUNDING_BIAS));
  });
  return { q, scale: f32(range / LEVELS), zeroPoint };
}

/** Σ (q − zeroPoint) · weight of each column: the int32 that every variant of the kernels must give. */
export function integerProduct(
  { q, zeroPoint }: QuantizedRow,
  matrix: Pick<QuantizedLinear, "q" | "sums" | "columns">,
): Int32Array {
  const { columns } = matrix;
  const sums = matrix.sums.map((sum) => -zeroPoint * sum);
  for (let k = 0; k < q.length; k++) {
    const value = q[k] ?? 0;
    for (let column = 0; column < columns; column++) {
      sums[column] = (sums[column] ?? 0) + value * (matrix.q[k * columns + column] ?? 0);
    }
  }
  return sums;
}

/** The product of a row and a matrix as f32. */
export function multiplyRow(row: QuantizedRow, matrix: QuantizedLinear): Float32Array {
  const integers = integerProduct(row, matrix);
  return Float32Array.from(integers, (sum, column) => {
    const scale = f32((matrix.scales[column] ?? 0) * row.scale);
    return f32(f32(f32(sum) * scale) + (matrix.bias[column] ?? 0));
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
