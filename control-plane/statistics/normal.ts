/** The normal and the chi-square distribution. Pure. */

/** Of the continued fraction; enough for every argument from `SERIES_BELOW` up. */
const FRACTION_LEVELS = 120;
const SERIES_BELOW = 2;

/** 2/√π ∫ₓ^∞ exp(−t²) dt, for x ≥ 0. https://dlmf.nist.gov/7.6, https://dlmf.nist.gov/7.9 */
export function erfc(x: number): number {
  if (x < SERIES_BELOW) {
    let term = x;
    let sum = x;
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (2 * x * x) / odd;
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let level = FRACTION_LEVELS; level > 0; level--) fraction = x + level / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/**
 * The distance from the mean, in standard deviations, that a normal value exceeds on neither side with this probability.
 * @param confidence 0.95 for 1.96
 */
export function normalQuantile(confidence: number): number {
  let [low, high] = [0, 40];
  for (let middle = 20; low < middle && middle < high; middle = (low + high) / 2) {
    if (erfc(middle / Math.SQRT2) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Probability that a chi-square value is above `x`.
 * @param degrees of freedom, a whole number of at least 1
 */
export function chiSquareUpperTail(x: number, degrees: number): number {
  const half = x / 2;
  const isOdd = degrees % 2 === 1;
  // The regularized gamma function Q(a + 1, z) = Q(a, z) + z^a exp(−z) / Γ(a + 1). https://dlmf.nist.gov/8.8.E6
  let tail = isOdd ? erfc(Math.sqrt(half)) : Math.exp(-half);
  let a = isOdd ? 0.5 : 1;
  let term = (isOdd ? Math.sqrt(half) / (Math.sqrt(Math.PI) / 2) : half) * Math.exp(-half);
  for (; a < degrees / 2; a++) {
    tail += term;
    term *= half / (a + 1);
  }
  return tail;
}
