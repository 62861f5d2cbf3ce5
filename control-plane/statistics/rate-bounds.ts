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
/** About five are needed. */
const MAX_STEPS = 100;

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
  const likelihood = (p: number) => times(count, Math.log(p)) + times(n - count, Math.log1p(-p));
  // ln of the likelihood below which a rate is excluded.
  const least = logBeta(A + count, B + n - count) - LOG_BETA + Math.log(1 - confidence);
  const slope = (p: number) => count / p - (n - count) / (1 - p);
  const newton = (p: number) => p - (likelihood(p) - least) / slope(p);
  // Of a normal value with the same likelihood: where to start.
  const z = Math.sqrt(2 * (likelihood(value) - least));
  return {
    value,
    low: count === 0 ? 0 : outerRoot(value * Math.exp(-z / Math.sqrt(count)), [0, value], newton),
    high: count === n ? 1 : outerRoot((count + z * z + z * Math.sqrt(count)) / n, [value, 1], newton),
  };
}

function times(count: number, logarithm: number): number {
  return count === 0 ? 0 : count * logarithm;
}

/**
 * The likelihood's logarithm is concave, so each step of Newton's method ends on the outer side of the root, and the next ones approach it
 * from there: a bound is never too narrow.
 */
function outerRoot(start: number, [from, to]: readonly [number, number], newton: (p: number) => number): number {
  const within = (p: number, other: number) => (p <= from ? (from + other) / 2 : p >= to ? (to + other) / 2 : p);
  let p = within(start, (from + to) / 2);
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const next = within(newton(p), p);
    if (next > 1 - PRECISION) return 1;
    if (Math.abs(next - p) <= PRECISION * Math.min(next, 1 - next)) return next;
    p = next;
  }
  return p;
}
