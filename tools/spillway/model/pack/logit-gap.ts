/** How far an INT8 model's logits are from the FP32 model's, on random texts. */

import type { EdgeEngineId } from "../../../../formats/model-package/manifest.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import { seededRandom } from "../../../seeded-random.ts";
import { PackError } from "./pack-error.ts";

export interface LogitGap {
  engine: EdgeEngineId;
  /** Of |INT8 − FP32|, over all logits. */
  mean: number;
  largest: number;
  /** Standard deviation of the FP32 logits: what texts and labels differ by. */
  spread: number;
}

const TEXTS = 12;
const MIN_TOKENS = 4;
const MAX_TOKENS = 64;

/**
 * A larger part of the spread is another model, or one that INT8 ruins: on all-mpnet-base-v2, whose channels have outliers,
 * onnxruntime's dynamic quantization is at about a half, and one label of sixteen changes.
 */
const MAX_SHARE_OF_SPREAD = 0.5;

/** @param run token ids of one text → its logits */
export async function measureLogitGap(
  engine: EdgeEngineId,
  run: (tokenIds: readonly number[]) => Float32Array,
  { infer, vocabularySize, maxTokens }: { infer: Infer; vocabularySize: number; maxTokens: number },
): Promise<LogitGap> {
  const random = seededRandom(5);
  const longest = Math.min(maxTokens, MAX_TOKENS);
  const texts = Array.from({ length: TEXTS }, (_, index) => {
    const tokens = MIN_TOKENS + Math.round(((longest - MIN_TOKENS) * index) / (TEXTS - 1));
    return Array.from({ length: tokens }, () => Math.floor(random() * vocabularySize));
  });
  const expected: number[] = [];
  const gaps: number[] = [];
  for (const text of texts) {
    const [row = []] = await infer([text]);
    const logits = run(text);
    expected.push(...row);
    gaps.push(...row.map((logit, label) => Math.abs(logit - (logits[label] ?? Number.NaN))));
  }
  const mean = meanOf(expected);
  return {
    engine,
    mean: meanOf(gaps),
    largest: Math.max(...gaps),
    spread: Math.sqrt(meanOf(expected.map((logit) => (logit - mean) ** 2))),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The same bound for every INT8 file, whichever engine runs it. @throws PackError */
export function checkLogitGap({ engine, mean, spread }: LogitGap, name: string, advice: string): void {
  if (mean <= MAX_SHARE_OF_SPREAD * spread) return;
  throw new PackError(
    `${name} in ${engine} computes other logits than the FP32 model: on random tokens they differ by ${mean.toPrecision(2)} on average, and the FP32 model's own logits by ${spread.toPrecision(2)}; at most half of that is allowed. ${advice}`,
  );
}
