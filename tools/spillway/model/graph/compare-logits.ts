/** Runs two graphs of one classifier on the same random texts and measures the largest difference of their logits. */
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { seededRandom } from "../../../seeded-random.ts";
import { CHECKING } from "./session-options.ts";
import { feedsFor, type TextInputs } from "./text-inputs.ts";

const TOKENS = [1, 2, 3, 17, 64, 128] as const;
const BATCHES = [1, 3] as const;
/** A table with more rows does not hold positions. */
const MAX_POSITIONS = 8192;
/** RoBERTa's table has two more rows than a text may have tokens. */
const OFFSETS = [0, 2] as const;

export interface Comparison {
  /** Infinite when a logit is not a number, or when only one of the graphs accepts an input. */
  largestGap: number;
  /** The lengths that were compared: those that the first graph accepts. */
  tokens: number[];
}

/**
 * Compares two model files. Deterministic: the same texts for the same model.
 * @throws onnxruntime's error when a graph cannot be loaded
 */
export async function compareLogits(before: string, after: string, inputs: TextInputs): Promise<Comparison> {
  const reference = await InferenceSession.create(before, CHECKING);
  const candidate = await InferenceSession.create(after, CHECKING);
  const random = seededRandom(2);
  const compared: number[] = [];
  let largestGap = 0;
  try {
    for (const tokens of lengthsFor(inputs)) {
      for (const batch of BATCHES) {
        // The first text has no padding; the others end with padding.
        const rowTokens = Array.from({ length: batch }, (_, row) =>
          row === 0 ? tokens : 1 + Math.floor(random() * tokens),
        );
        const feeds = feedsFor(inputs, tokens, rowTokens, random);
        const expected = await logitsOf(reference, feeds);
        // Longer than the model allows.
        if (expected === undefined) continue;
        if (!compared.includes(tokens)) compared.push(tokens);
        largestGap = Math.max(largestGap, gapBetween(expected, await logitsOf(candidate, feeds)));
      }
    }
  } finally {
    await Promise.all([reference.release(), candidate.release()]);
  }
  return { largestGap: compared.length === 0 ? Number.POSITIVE_INFINITY : largestGap, tokens: compared };
}

function lengthsFor({ tableRows }: TextInputs): number[] {
  const most = tableRows
    .filter((rows) => rows <= MAX_POSITIONS)
    .flatMap((rows) => OFFSETS.map((offset) => rows - offset));
  return [...new Set([...TOKENS, ...most])].filter((tokens) => tokens > 0).sort((a, b) => a - b);
}

/** Undefined when the graph rejects the feeds. */
async function logitsOf(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
): Promise<ArrayLike<unknown>[] | undefined> {
  try {
    const outputs = await session.run(feeds);
    return session.outputNames.map((name) => outputs[name]?.data ?? []);
  } catch {
    return undefined;
  }
}

/** @returns the largest difference; infinite when any logit is NaN, even in both graphs, or when `actual` is missing or of other lengths */
export function gapBetween(
  expected: readonly ArrayLike<unknown>[],
  actual: readonly ArrayLike<unknown>[] | undefined,
): number {
  let largest = 0;
  for (const [index, values] of expected.entries()) {
    const others = actual?.[index];
    if (others?.length !== values.length) return Number.POSITIVE_INFINITY;
    for (let element = 0; element < values.length; element++) {
      const gap = Math.abs(Number(values[element]) - Number(others[element]));
      if (Number.isNaN(gap)) return Number.POSITIVE_INFINITY;
      largest = Math.max(largest, gap);
    }
  }
  return largest;
}
