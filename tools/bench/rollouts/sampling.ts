/** Seeded random counts. Pure: the same seed gives the same counts on every machine. */

/** The next number, 0 ≤ x < 1. */
export type Random = () => number;

/** Runs of one simulation must not share numbers: 128 bits of state, where mulberry32 has 32. Chris Doty-Humphrey's sfc32 of PractRand. */
export function randomOf(seed: number, run: number): Random {
  let [a, b, c, counter] = [seed | 0, run | 0, 0x9e37_79b9, 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Between `low` and `high`, each order of magnitude alike. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random();
}

const POISSON_TRIALS = 2 ** 40;

/** The number of texts in a time that has `mean` of them on average. */
export function poisson(random: Random, mean: number): number {
  return binomial(random, POISSON_TRIALS, mean / POISSON_TRIALS);
}

/** Successes of `n` trials with probability `p` each. */
export function binomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < 10 ? byInversion(random, n, p) : byRejection(random, n, p);
}

function byInversion(random: Random, n: number, p: number): number {
  const odds = p / (1 - p);
  let mass = Math.exp(n * Math.log1p(-p));
  let rest = random();
  let k = 0;
  while (rest > mass && k < n) {
    rest -= mass;
    k += 1;
    mass *= ((n - k + 1) / k) * odds;
    // The rounding error of the sum: no larger value is left.
    if (mass < 1e-20 && k > n * p) break;
  }
  return k;
}

/** W. Hörmann, "The generation of binomial random variates", 1993: the algorithm BTRS, exact. */
function byRejection(random: Random, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const center = n * p + 0.5;
  const vr = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = random() - 0.5;
    let v = random();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + center);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
      stirlingTail(mode) +
      stirlingTail(n - mode) -
      stirlingTail(k) -
      stirlingTail(n - k);
    if (v <= bound) return k;
  }
}

const TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037651, 0.0166446911898211,
  0.0138761288230707, 0.0118967099458917, 0.010411265261972, 0.0092554621827127, 0.0083305634333631,
];

/** ln k! less Stirling's approximation of it. */
function stirlingTail(k: number): number {
  if (k < TAILS.length) return TAILS[k] ?? 0;
  const square = (k + 1) ** 2;
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
