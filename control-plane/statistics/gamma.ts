/** Logarithms of the gamma and the beta function. Pure. */

/** From this argument on Stirling's series has all digits of a double. */
const SERIES_FROM = 10;
const HALF_LN_2PI = 0.5 * Math.log(2 * Math.PI);

/** ln Γ(x), for x > 0. https://dlmf.nist.gov/5.11.E1; smaller arguments by Γ(x + 1) = x Γ(x). */
export function logGamma(x: number): number {
  let product = 1;
  let shifted = x;
  for (; shifted < SERIES_FROM; shifted++) product *= shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LN_2PI + stirlingError(shifted) - Math.log(product);
}

/** ln B(a, b), for a, b > 0. It keeps its digits where both are large: the logarithms of Γ would cancel. */
export function logBeta(a: number, b: number): number {
  const [small, large] = a < b ? [a, b] : [b, a];
  if (large < SERIES_FROM) return logGamma(small) + logGamma(large) - logGamma(small + large);
  const sum = small + large;
  const ofLarge = (large - 0.5) * Math.log1p(-small / sum) + stirlingError(large) - stirlingError(sum);
  if (small < SERIES_FROM) return logGamma(small) + ofLarge + small - small * Math.log(sum);
  return HALF_LN_2PI + (small - 0.5) * Math.log(small / sum) - 0.5 * Math.log(sum) + stirlingError(small) + ofLarge;
}

/** ln Γ(x) less Stirling's approximation (x − ½) ln x − x + ½ ln 2π, for x ≥ `SERIES_FROM`. */
function stirlingError(x: number): number {
  const square = x * x;
  return (
    (1 / 12 -
      (1 / 360 - (1 / 1260 - (1 / 1680 - (1 / 1188 - 691 / 360_360 / square) / square) / square) / square) / square) /
    x
  );
}
