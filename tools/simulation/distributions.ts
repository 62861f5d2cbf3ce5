/** Random values of a few distributions, from uniform ones. Pure. */

/** Uniform from 0 to 1, as `seededRandom` makes them. */
export type Random = () => number;

/** Half of the values are below the median; about two thirds are between `median / e^sigma` and `median · e^sigma`. */
export function logNormal({ median, sigma }: { median: number; sigma: number }, random: Random): number {
  return median * Math.exp(sigma * standardNormal(random));
}

/** A factor around 1: with this median the mean is 1. */
export function noise(sigma: number, random: Random): number {
  return logNormal({ median: Math.exp(-(sigma ** 2) / 2), sigma }, random);
}

/** The time to the next arrival if arrivals are independent (a Poisson process). */
export function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random());
}

/** Box and Muller, 1958. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
