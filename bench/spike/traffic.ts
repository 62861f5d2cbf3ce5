/** Pure. The texts of one spike, with all that chance decides, so that every way of routing meets the very same. */
import { seededRandom } from "../../models/onnx/random.ts";
import { ASSUMPTIONS } from "./assumptions.ts";
import { exponential, logNormal, type Random } from "./shapes.ts";

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
