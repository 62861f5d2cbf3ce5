/** Pure. Random weights whose values depend on the seed and the name alone, so both precisions quantize the same model. */
import { seededRandom } from "../../models/onnx/random.ts";

/** Uniform around `mean`, row-major. `deviation` is the standard deviation. */
export function randomWeights(
  seed: number,
  name: string,
  count: number,
  { mean = 0, deviation }: { mean?: number; deviation: number },
): Float32Array {
  const next = seededRandom(seed ^ hashOf(name));
  const spread = 2 * Math.sqrt(3) * deviation;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = mean + (next() - 0.5) * spread;
  return values;
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash;
}
