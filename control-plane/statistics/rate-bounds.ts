/** Bounds of a small rate that hold at all times together, however often they are looked at. Pure. */
import { logBeta } from "./gamma.ts";
import type { Estimate } from "./interval.ts";
import type { Proportion } from "./proportion.ts";

/** A beta mixture of mean 1 %: the bounds are narrowest for rates of this size, and valid for all. */
const A = 1;
const B = 99;
const LOG_BETA = logBeta(A, B);
/** Digits of a bound: far below what a rate is reported with. */
const PRECISION = 1e-7;

/** A confidence sequence has both bounds. */
export interface RateBounds extends Estimate {
  high: number;
}

/**
 * The rates p at which the mixture martingale B(A + x, B + n − x) / (B(A, B) · p^x · (1 − p)^(n − x)) is below 1/α. For the true rate it ever
 * reaches 1/α with probability at most α = 1 − confidence, by Ville's inequality: so all bounds, at all n, hold together.
 * H. Robbins, Annals of Mathematical Statistics 41, 1970; Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49, 2021.
 * @param n at least 0; without trials the bounds are 0 and 1
 */
export function rateBounds({ count, n }: Proportion, confidence: number): RateBounds {
  if (n === 0) return { value: 0, low: 0, high: 1 };
  const value = count / n;
  // ln of the likelihood below which a rate is excluded.
  const least = logBeta(A + count, B + n - count) - LOG_BETA + Math.log(1 - confidence);
  const likelihood = (p: number) =>
    (count === 0 ? 0 : count * Math.log(p)) + (count === n ? 0 : (n - count) * Math.log1p(-p));
  return {
    value,
    low: count === 0 ? 0 : root(0, value, (p) => likelihood(p) < least),
    high: count === n ? 1 : root(value, 1, (p) => likelihood(p) >= least),
  };
}

/** Where `isBefore` turns from true to false. */
function root(from: number, to: number, isBefore: (p: number) => boolean): number {
  let [low, high] = [from, to];
  while (high - low > PRECISION * high) {
    const middle = (low + high) / 2;
    if (isBefore(middle)) low = middle;
    else high = middle;
  }
  // The outer end: to the side of the wider interval.
  return from === 0 ? low : high;
}
