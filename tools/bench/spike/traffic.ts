/** The texts of one spike with every random value, so that all policies get the same texts. Pure. */
import { seededRandom } from "../../seeded-random.ts";
import { exponential, logNormal, noise, type Random } from "../../simulation/distributions.ts";
import type { ArrivingText } from "../../simulation/isolate.ts";

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
      // Callers are anonymous: each text has another key.
      stickyKey: `text ${texts.length} of ${seed}`,
      tokens: tokensOf(random),
      runNoise: noise(ASSUMPTIONS.runNoiseSigma, random),
      originMs: originMsOf(random),
    });
  }
}

function tokensOf(random: Random): number {
  return Math.max(ASSUMPTIONS.tokens.min, Math.round(logNormal(ASSUMPTIONS.tokens, random)));
}

function originMsOf(random: Random): number {
  const { warmMs, coldPercent, coldMs } = ASSUMPTIONS.origin;
  const isCold = random() < coldPercent / 100;
  const addedMs = coldMs.min + (coldMs.max - coldMs.min) * random();
  return logNormal(warmMs, random) + (isCold ? addedMs : 0);
}
