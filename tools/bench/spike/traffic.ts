/** The texts of one spike with every random value, so that all policies get the same texts. Pure. */
import { seededRandom } from "../../seeded-random.ts";

export interface ArrivingText {
  arrivesAtMs: number;
  tokens: number;
  /** Callers are anonymous: each text has another key. */
  stickyKey: string;
  /** Duration of its run at the edge, divided by the prediction of the package's time model. */
  runNoise: number;
  /** Duration of a call of the origin. */
  originMs: number;
}

export interface Spike {
  seed: number;
  ratePerSecond: number;
  seconds: number;
}

/** What the simulation assumes of texts, of the machine and of the origin, with the source of each number. */
export const ASSUMPTIONS = {
  /**
   * Messages of about 70 words. Chosen so that 95 % have at most 256 tokens: the part that the published experience in design.md has
   * at the edge.
   */
  tokens: { median: 96, sigma: 0.6, min: 3 },
  /** Of a run's time around the package's time model, mean 1. Chosen: two of three runs are within 15 %. */
  runNoiseSigma: 0.15,
  origin: {
    /**
     * A warm call, in ms. Median: this model is a sixth of DistilBERT, which needs 160 to 220 ms in native FP32
     * (platform-facts.md), plus a network. Sigma: the published mean of 650 and P95 of 1200 ms (design.md).
     */
    warmMs: { median: 60, sigma: 0.43 },
    /** AWS: "cold starts typically occur in under 1% of invocations" (Operating Lambda: performance optimization, part 1). */
    coldPercent: 1,
    /** What a cold start adds, uniformly distributed; "up to 4 s" in design.md. */
    coldMs: { min: 1000, max: 4000 },
  },
} as const;

/** @returns the texts of a Poisson process, in the order of their arrival */
export function trafficOf({ seed, ratePerSecond, seconds }: Spike): ArrivingText[] {
  const random = seededRandom(seed);
  const texts: ArrivingText[] = [];
  for (;;) {
    const arrivesAtMs = (texts.at(-1)?.arrivesAtMs ?? 0) + exponential(1000 / ratePerSecond, random);
    if (arrivesAtMs >= seconds * 1000) return texts;
    texts.push({
      arrivesAtMs,
      stickyKey: `text ${texts.length} of ${seed}`,
      tokens: tokensOf(random),
      runNoise: runNoiseOf(random),
      originMs: originMsOf(random),
    });
  }
}

function tokensOf(random: Random): number {
  return Math.max(ASSUMPTIONS.tokens.min, Math.round(logNormal(ASSUMPTIONS.tokens, random)));
}

function runNoiseOf(random: Random): number {
  const sigma = ASSUMPTIONS.runNoiseSigma;
  // With this median the mean is 1: the package's model is right on average.
  return logNormal({ median: Math.exp(-(sigma ** 2) / 2), sigma }, random);
}

function originMsOf(random: Random): number {
  const { warmMs, coldPercent, coldMs } = ASSUMPTIONS.origin;
  const isCold = random() < coldPercent / 100;
  const addedMs = coldMs.min + (coldMs.max - coldMs.min) * random();
  return logNormal(warmMs, random) + (isCold ? addedMs : 0);
}

/** Uniform from 0 to 1, as `seededRandom` makes them. */
type Random = () => number;

/** Half of the values are below the median; about two thirds are between `median / e^sigma` and `median · e^sigma`. */
function logNormal({ median, sigma }: { median: number; sigma: number }, random: Random): number {
  return median * Math.exp(sigma * standardNormal(random));
}

/** The time to the next arrival if arrivals are independent (a Poisson process). */
function exponential(mean: number, random: Random): number {
  return -mean * Math.log(1 - random());
}

/** Box and Muller, 1958. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
