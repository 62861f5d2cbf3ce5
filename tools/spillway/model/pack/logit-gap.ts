/** How far an INT8 model's logits are from the FP32 model's, on random texts. */
import type { AcceptedGap } from "../../../../formats/model-package/manifest.ts";
import type { Infer } from "../../../../lambda-origin/infer.ts";
import { seededRandom } from "../../../seeded-random.ts";

export interface LogitGap extends AcceptedGap {
  /**
   * How much both models' logits rise and fall together from text to text, from -1 to 1: their correlation, after each label's mean
   * is removed. 1 if the FP32 logits are the same for all texts.
   */
  correlation: number;
}

const TEXTS = 16;
const MIN_TOKENS = 4;
const MAX_TOKENS = 64;

/**
 * A larger part of the spread is another model, or one that INT8 ruins: on all-mpnet-base-v2, whose channels have outliers,
 * onnxruntime's dynamic quantization is at about a half, and one label of sixteen changes.
 */
const MAX_SHARE_OF_SPREAD = 0.5;
/** Two models that were trained for one task prefer the same labels. Their logits then differ by little, but not together. */
const MIN_CORRELATION = 0.5;
/** Below it, rounding decides what the correlation is. */
const MIN_TEXT_SPREAD = 1e-4;

/** @param run token ids of one text → its logits */
export async function measureLogitGap(
  engine: AcceptedGap["engine"],
  run: (tokenIds: readonly number[]) => Float32Array,
  { infer, vocabularySize, maxTokens }: { infer: Infer; vocabularySize: number; maxTokens: number },
): Promise<LogitGap> {
  const expected: number[][] = [];
  const actual: number[][] = [];
  for (const text of randomTexts(vocabularySize, maxTokens)) {
    const [row = []] = await infer([text]);
    const logits = run(text);
    expected.push(row);
    actual.push(row.map((_, label) => logits[label] ?? Number.NaN));
  }
  const gaps = expected.flatMap((row, text) => row.map((logit, label) => Math.abs(logit - at(actual, text, label))));
  return {
    engine,
    mean: meanOf(gaps),
    largest: Math.max(...gaps),
    spread: spreadOf(expected.flat()),
    correlation: correlationOf(expected, actual),
  };
}

/** The texts' lengths in tokens, in order: several, and the longest text that the edge runs. */
export function gapLengths(maxTokens: number): number[] {
  const most = Math.min(maxTokens, MAX_TOKENS);
  const lengths = Array.from({ length: TEXTS }, (_, index) =>
    Math.round(MIN_TOKENS + ((most - MIN_TOKENS) * index) / (TEXTS - 1)),
  );
  return [...lengths, maxTokens];
}

function randomTexts(vocabularySize: number, maxTokens: number): number[][] {
  const random = seededRandom(5);
  return gapLengths(maxTokens).map((tokens) =>
    Array.from({ length: tokens }, () => Math.floor(random() * vocabularySize)),
  );
}

function at(rows: readonly (readonly number[])[], text: number, label: number): number {
  return rows[text]?.[label] ?? Number.NaN;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

function correlationOf(expected: readonly (readonly number[])[], actual: readonly (readonly number[])[]): number {
  const [one, other] = [centred(expected), centred(actual)];
  const product = (a: readonly number[], b: readonly number[]) =>
    meanOf(a.map((value, index) => value * (b[index] ?? Number.NaN)));
  if (Math.sqrt(product(one, one)) < MIN_TEXT_SPREAD) return 1;
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
}

/** Without each label's mean over the texts. */
function centred(rows: readonly (readonly number[])[]): number[] {
  const means = (rows[0] ?? []).map((_, label) => meanOf(rows.map((row) => row[label] ?? Number.NaN)));
  return rows.flatMap((row) => row.map((logit, label) => logit - (means[label] ?? Number.NaN)));
}

/**
 * The same bound for every INT8 file, whichever engine runs it.
 * @param name of the file, for people
 * @param isGiven whether it is the user's file, which may be of another model
 * @returns one sentence without a full stop if the gap is beyond the bound, otherwise null
 */
export function describeGap(
  { engine, mean, spread, correlation }: LogitGap,
  { name, isGiven }: { name: string; isGiven: boolean },
): string | null {
  const what = `${name} in ${engine} computes other logits than the FP32 model`;
  if (!(mean <= MAX_SHARE_OF_SPREAD * spread)) {
    return `${what}: on random tokens they differ by ${mean.toPrecision(2)} on average, and the FP32 model's own logits by ${spread.toPrecision(2)}; at most half of that is allowed`;
  }
  if (!isGiven || correlation >= MIN_CORRELATION) return null;
  return `${what}: from one random text to the next, they change together with a correlation of ${correlation.toFixed(2)}; at least ${MIN_CORRELATION} is required, so it may be the file of another model`;
}
