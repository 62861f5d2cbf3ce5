/** The exact test of two proportions. Pure. */
import { logGamma } from "./gamma.ts";
import type { Proportion } from "./proportion.ts";

/** A term that is smaller than this part of the sum changes nothing. */
const NEGLIGIBLE = 1e-17;

/**
 * Fisher's exact test, one-sided: the probability of at least so many in `first`, if all that were counted in both fell on them by chance.
 * R. A. Fisher, JRSS 98, 1935.
 */
export function fisherUpperTail(first: Proportion, second: Proportion): number {
  const count = first.count + second.count;
  const n = first.n + second.n;
  if (first.count <= Math.max(0, count - second.n)) return 1;
  const chosen = logChoose(first.n, first.count) + logChoose(second.n, second.count) - logChoose(n, count);
  let sum = 1;
  let term = 1;
  for (let k = first.count; k < Math.min(first.n, count) && term > NEGLIGIBLE * sum; k++) {
    term *= ((first.n - k) / (k + 1)) * ((count - k) / (second.n - count + k + 1));
    sum += term;
  }
  return Math.min(1, Math.exp(chosen) * sum);
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
