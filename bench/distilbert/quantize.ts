/** Pure. 8-bit weights as onnxruntime's dynamic quantizer makes them: q = round(w / scale) + zeroPoint, asymmetric, 0 … 255. */

export interface Quantized {
  values: Uint8Array;
  /** One for the whole matrix, or one per column. */
  scales: Float32Array;
  zeroPoints: Uint8Array;
}

const STEPS = 255;

/** A row-major matrix of `columns` columns; `groups` is 1 or the number of columns. */
export function quantize(weights: Float32Array, columns: number, groups: number): Quantized {
  // Zero must be a value of its own, so it is always within the range.
  const lowest = new Float32Array(groups);
  const highest = new Float32Array(groups);
  for (let index = 0; index < weights.length; index++) {
    const group = (index % columns) % groups;
    const weight = weights[index] ?? 0;
    if (weight < (lowest[group] ?? 0)) lowest[group] = weight;
    if (weight > (highest[group] ?? 0)) highest[group] = weight;
  }
  const scales = lowest.map((low, group) => ((highest[group] ?? 0) - low) / STEPS || 1);
  const zeroPoints = Uint8Array.from(lowest, (low, group) => Math.round(-low / (scales[group] ?? 1)));
  const values = new Uint8Array(weights.length);
  for (let index = 0; index < weights.length; index++) {
    const group = (index % columns) % groups;
    const value = Math.round((weights[index] ?? 0) / (scales[group] ?? 1)) + (zeroPoints[group] ?? 0);
    values[index] = Math.min(STEPS, Math.max(0, value));
  }
  return { values, scales, zeroPoints };
}
