/** Plain forms of the kernels' functions, in double precision. */
import { erf } from "../build/erf.ts";
import type { Activation } from "../format/architecture.ts";

function geluErf(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** https://arxiv.org/abs/1606.08415 */
function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** Each activation of one number. */
export const ACTIVATION_FUNCTIONS: Readonly<Record<Activation, (x: number) => number>> = {
  none: (x) => x,
  "gelu-erf": geluErf,
  "gelu-tanh": geluTanh,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
};

/** @returns the row's activations */
export function activated(values: Float32Array, activation: Activation): Float32Array {
  return values.map(ACTIVATION_FUNCTIONS[activation]);
}

/** (x − mean) / √(variance + epsilon) · gain + offset, over the first `gain.length` values; the others stay 0. */
export function normalized(x: Float32Array, gain: Float32Array, offset: Float32Array, epsilon: number): Float32Array {
  const values = x.subarray(0, gain.length);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const inverse = 1 / Math.sqrt(variance + epsilon);
  const result = new Float32Array(x.length);
  result.set(values.map((value, index) => (value - mean) * inverse * (gain[index] ?? 0) + (offset[index] ?? 0)));
  return result;
}

/** One head: softmax(q kᵀ) v, row by row. `q` has 1/√d in it. */
export function attended(
  q: readonly Float32Array[],
  k: readonly Float32Array[],
  v: readonly Float32Array[],
): Float32Array[] {
  return q.map((query) => {
    const scores = k.map((key) => dot(query, key));
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - highest));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return query.map((_, dimension) =>
      v.reduce((total, value, key) => total + ((weights[key] ?? 0) * (value[dimension] ?? 0)) / sum, 0),
    );
  });
}

/** @returns Σ a · b */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}
