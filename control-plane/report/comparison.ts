/** Two groups of texts beside each other. Pure. */
import type { Estimate } from "../statistics/interval.ts";
import { differenceOfProportions } from "../statistics/proportion.ts";
import { quantileRatio } from "../statistics/quantile.ts";
import type { CountedTexts } from "./text-figures.ts";

/** What an interval shows of the first group against the second. */
export type Reading = "lower" | "higher" | "unclear";

export interface Comparison {
  /** The first P95 over the second; null where one of them has no texts, or the second no bound. */
  p95Ratio: Estimate | null;
  /** Lower is faster. Null without a ratio. */
  p95: Reading | null;
  /** Failures of the first less those of the second, as parts from 0 to 1; null where one has no texts. */
  failureDifference: Estimate | null;
  failures: Reading | null;
  /** Where P95 is unclear: about so many texts of each group would show a difference as large as the one measured. Null if it is tiny. */
  textsToTell: number | null;
}

/** A smaller ratio is no difference that anyone would wait for. */
const TINY_LOG_RATIO = Math.log(1.02);

/** Compares two groups of different texts. */
export function compareTexts(first: CountedTexts, second: CountedTexts): Comparison {
  const p95Ratio = quantileRatio(first.times, second.times, 0.95);
  const failureDifference = failuresOf(first, second);
  return {
    p95Ratio,
    p95: readingOf(p95Ratio, 1),
    failureDifference,
    failures: readingOf(failureDifference, 0),
    textsToTell: p95Ratio === null ? null : textsToTell(p95Ratio, Math.min(first.times.n, second.times.n)),
  };
}

function failuresOf(first: CountedTexts, second: CountedTexts): Estimate | null {
  const [a, b] = [first, second].map(({ figures: { answered, failures } }) => ({
    count: failures,
    n: answered + failures,
  }));
  if (a === undefined || b === undefined || a.n === 0 || b.n === 0) return null;
  return differenceOfProportions(a, b);
}

function readingOf(estimate: Estimate | null, same: number): Reading | null {
  if (estimate === null) return null;
  if (estimate.high !== null && estimate.high < same) return "lower";
  return estimate.low > same ? "higher" : "unclear";
}

/** An interval narrows with the square root of the number of texts. */
function textsToTell({ value, low, high }: Estimate, texts: number): number | null {
  if (high === null || low <= 0 || low > 1 || high < 1) return null;
  const distance = Math.abs(Math.log(value));
  return distance < TINY_LOG_RATIO ? null : Math.ceil(texts * (Math.log(high / low) / 2 / distance) ** 2);
}
