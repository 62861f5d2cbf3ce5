/** Intervals of a proportion, and of the difference of two. Pure. */
import { binomialCdf, binomialUpperTail } from "./binomial.ts";
import { CONFIDENCE, type Estimate } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

export interface Proportion {
  count: number;
  /** At least 1. */
  n: number;
}

/** An interval of a proportion always has both bounds. */
interface Bounds extends Estimate {
  high: number;
}

/**
 * Wilson's score interval: near the nominal coverage also for few failures of many, where Clopper–Pearson's is too wide.
 * E. B. Wilson, JASA 22, 1927; Brown, Cai and DasGupta, Statistical Science 16, 2001.
 */
export function wilsonInterval({ count, n }: Proportion, confidence = CONFIDENCE): Bounds {
  const z = normalQuantile(confidence);
  const value = count / n;
  const center = (count + (z * z) / 2) / (n + z * z);
  const half = (z / (n + z * z)) * Math.sqrt((count * (n - count)) / n + (z * z) / 4);
  return { value, low: count === 0 ? 0 : center - half, high: count === n ? 1 : center + half };
}

/**
 * The first proportion less the second, with Newcombe's hybrid score interval (his method 10).
 * R. G. Newcombe, Statistics in Medicine 17, 1998.
 */
export function differenceOfProportions(first: Proportion, second: Proportion, confidence = CONFIDENCE): Bounds {
  const a = wilsonInterval(first, confidence);
  const b = wilsonInterval(second, confidence);
  const value = a.value - b.value;
  return {
    value,
    low: value - Math.hypot(a.value - a.low, b.high - b.value),
    high: value + Math.hypot(a.high - a.value, b.value - b.low),
  };
}

/** Clopper and Pearson's bound: the proportion is at most this, with at least this confidence, one-sided. */
export function upperBound({ count, n }: Proportion, confidence = CONFIDENCE): number {
  if (count >= n) return 1;
  return bisect(count / n, 1, (p) => binomialCdf(count, n, p) > 1 - confidence);
}

/** Clopper and Pearson's bound: the proportion is at least this, with at least this confidence, one-sided. */
export function lowerBound({ count, n }: Proportion, confidence = CONFIDENCE): number {
  if (count <= 0) return 0;
  return bisect(0, count / n, (p) => binomialUpperTail(count, n, p) <= 1 - confidence);
}

/** Clopper and Pearson's two-sided interval: never below its confidence. Biometrika 26, 1934. */
export function clopperPearsonInterval(proportion: Proportion, confidence = CONFIDENCE): Bounds {
  const oneSided = (1 + confidence) / 2;
  return {
    value: proportion.count / proportion.n,
    low: lowerBound(proportion, oneSided),
    high: upperBound(proportion, oneSided),
  };
}

/**
 * The fewest trials of which `count` successes show that the proportion is at most `most`: 748 for 0 of at most 0.4 %.
 * @param most above 0, below 1
 */
export function trialsNeeded(count: number, most: number, confidence = CONFIDENCE): number {
  const isShown = (n: number) => binomialCdf(count, n, most) <= 1 - confidence;
  let high = count + 1;
  while (!isShown(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isShown(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Where `isBelow` turns from true to false. */
function bisect(from: number, to: number, isBelow: (p: number) => boolean): number {
  let [low, high] = [from, to];
  for (let middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2) {
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return high;
}
