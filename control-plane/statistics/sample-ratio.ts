/** Whether a split gave each arm the texts that it should have. Pure. */
import { chiSquareUpperTail } from "./normal.ts";

export interface Split {
  inside: number;
  outside: number;
  /** The asked part of the inside arm, above 0 and below 1. */
  part: number;
}

/**
 * The chi-square test of a sample-ratio mismatch: the probability of a split at least this far from the asked one, by chance. Several splits
 * are tested together. Null without texts.
 * Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD 2019: an alarm below 0.001.
 */
export function sampleRatioP(splits: readonly Split[]): number | null {
  const counted = splits.filter(({ inside, outside }) => inside + outside > 0);
  if (counted.length === 0) return null;
  const chiSquare = counted.reduce((sum, { inside, outside, part }) => {
    const expected = (inside + outside) * part;
    return sum + (inside - expected) ** 2 / (expected * (1 - part));
  }, 0);
  return chiSquareUpperTail(chiSquare, counted.length);
}
