/** Pure. Random numbers of the shapes that traffic has, made of even ones; see `seededRandom`. */

export type Random = () => number;

/** Half of the values lie below the median; about two thirds between `median / e^sigma` and `median · e^sigma`. */
export interface LogNormal {
  median: number;
  sigma: number;
}

export function logNormal({ median, sigma }: LogNormal, random: Random): number {
  return median * Math.exp(sigma * standardNormal(random));
}

/** The gap to the next arrival where arrivals know nothing of one another (a Poisson process). */
export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random());
}

/** Box and Muller, 1958. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
