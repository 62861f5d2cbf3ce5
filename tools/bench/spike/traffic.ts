/** Pure. The texts of one spike, with all that chance decides, so that every way of routing meets the very same. */
import { seededRandom } from "../../seeded-random.ts";

export interface ArrivingText {
  arrivesAtMs: number;
  tokens: number;
  /** Anonymous callers: each text has a key of its own. */
  stickyKey: string;
  /** Its run at the edge takes so many times what the package's time model says. */
  runNoise: number;
  /** How long the origin would take. */
  originMs: number;
}

export interface Spike {
  seed: number;
  ratePerSecond: number;
  seconds: number;
}

export function trafficOf({ seed, ratePerSecond, seconds }: Spike): ArrivingText[] {
  const random = seededRandom(seed);
  const texts: ArrivingText[] = [];
  for (;;) {
    const arrivesAtMs = (texts.at(-1)?.arrivesAtMs ?? 0) + exponential(1000 / ratePerSecond, random);
    if (arrivesAtMs >= seconds * 1000) return texts;
    const stickyKey = `text ${texts.length} of ${seed}`;
    texts.push({
      arrivesAtMs,
      stickyKey,
      tokens: tokens(random),
      runNoise: runNoise(random),
      originMs: origin(random),
    });
  }
}

function tokens(random: Random): number {
  return Math.max(ASSUMPTIONS.tokens.min, Math.round(logNormal(ASSUMPTIONS.tokens, random)));
}

function runNoise(random: Random): number {
  const sigma = ASSUMPTIONS.runNoiseSigma;
  // This median makes the mean 1: the package's model is right on average.
  return logNormal({ median: Math.exp(-(sigma ** 2) / 2), sigma }, random);
}

function origin(random: Random): number {
  const { warmMs, coldPercent, coldMs } = ASSUMPTIONS.origin;
  const isCold = random() < coldPercent / 100;
  const addedMs = coldMs.min + (coldMs.max - coldMs.min) * random();
  return logNormal(warmMs, random) + (isCold ? addedMs : 0);
}

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

/** What the simulation takes for granted of texts, of the machine and of the origin, and where each number comes from. */

export const ASSUMPTIONS = {
  /**
   * Messages of 70 words or so. A choice, made so that 95 % fit the default policy's 256 tokens: the part that the published
   * experience in design.md has at the edge.
   */
  tokens: { median: 96, sigma: 0.6, min: 3 },
  /** Of a run's time around the package's own model, mean 1. A choice: two runs in three within 15 %. */
  runNoiseSigma: 0.15,
  origin: {
    /**
     * Of a warm call, in ms. The median: this model is a sixth of DistilBERT, which takes 160 to 220 ms in native FP32
     * (platform-facts.md), and a network is in between. The sigma: the published mean of 650 and P95 of 1200 ms (design.md).
     */
    warmMs: { median: 60, sigma: 0.43 },
    /** AWS: "cold starts typically occur in under 1% of invocations" (Operating Lambda: performance optimization, part 1). */
    coldPercent: 1,
    /** What a cold start adds, evenly spread; "up to 4 s" in design.md. */
    coldMs: { min: 1000, max: 4000 },
  },
} as const;
