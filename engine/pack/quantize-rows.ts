/** A table of embeddings to 8 bits, one scale per row. */

export interface QuantizedRows {
  rows: number;
  /** Bytes of a row: the width padded to 16 with zeros. */
  step: number;
  q: Int8Array;
  scales: Float32Array;
}

/** @param table row-major, rows × width */
export function quantizeRows(table: Float32Array, width: number, step: number): QuantizedRows {
  const rows = table.length / width;
  const q = new Int8Array(rows * step);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = table.subarray(row * width, (row + 1) * width);
    const scale = Math.fround(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127);
    scales[row] = scale;
    if (scale === 0) continue;
    for (const [index, value] of values.entries()) {
      q[row * step + index] = Math.max(-127, Math.min(127, Math.round(value / scale)));
    }
  }
  return { rows, step, q, scales };
}
