/**
 * Exact binomial probabilities, for any number of trials that a ledger can count. Pure.
 * The mass is Loader's saddle-point form, which keeps its digits where factorials would overflow:
 * C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
 */

/** A term of a tail that is smaller than this part of its sum changes nothing. */
const NEGLIGIBLE = 1e-17;

/** Probability of at most `k` successes in `n` trials. @param p of one success, 0 to 1 */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  return k < n * p ? lowerTail(k, n, p) : 1 - lowerTail(n - k - 1, n, 1 - p);
}

/** Probability of at least `k` successes in `n` trials, exact where it is small too. */
export function binomialUpperTail(k: number, n: number, p: number): number {
  return binomialCdf(n - k, n, 1 - p);
}

/** The sum of the masses from `k` down to 0; `k` is below the mean, so the terms only get smaller. */
function lowerTail(k: number, n: number, p: number): number {
  const odds = (1 - p) / p;
  let sum = 1;
  let term = 1;
  for (let j = k; j > 0 && term > NEGLIGIBLE * sum; j--) {
    term *= (j / (n - j + 1)) * odds;
    sum += term;
  }
  return Math.min(1, sum * mass(k, n, p));
}

/** Probability of `k` successes; 0 ≤ k < n, 0 < p < 1. */
function mass(k: number, n: number, p: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * (n - k)));
}

/** ln(n!) less Stirling's approximation of it; n ≥ 1. */
function stirlingError(n: number): number {
  if (n > 15) {
    const square = n * n;
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
  }
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return Math.log(factorial) - ((n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI));
}

/** x·ln(x/mean) + mean − x, by its series where the two are close and the difference would lose its digits. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let sum = difference * v;
  let term = 2 * x * v;
  for (let j = 3; ; j += 2) {
    term *= v * v;
    const next = sum + term / j;
    if (next === sum) return sum;
    sum = next;
  }
}
