/** Two weeks of texts in a few minutes: days with a night and a peak, mostly short texts, some too long for the edge. Seeded, pure. */
import { seededRandom } from "../../seeded-random.ts";
import { exponential } from "../../simulation/distributions.ts";
import { lengthOf } from "../text-length.ts";

export interface WorkloadText {
  /** From the start. */
  atMs: number;
  /** Special tokens included. */
  tokens: number;
}

export interface WorkloadSpec {
  seed: number;
  texts: number;
  seconds: number;
}

const DAYS = 14;
/** Of the busiest moment over the mean. */
const PEAK = 1.6;
/** Of a day, at the first text: a tenth, of 1.4 days, then has the mean rate. */
const BEGINS_AT = 0.3;

/** @returns the texts in the order of their arrival */
export function workloadOf({ seed, texts, seconds }: WorkloadSpec): WorkloadText[] {
  const random = seededRandom(seed);
  const meanGapMs = (seconds * 1000) / texts;
  const dayMs = (seconds * 1000) / DAYS;
  const made: WorkloadText[] = [];
  let now = 0;
  while (made.length < texts) {
    now += exponential(meanGapMs / PEAK, random);
    if (random() * PEAK > 1 + (PEAK - 1) * Math.sin(2 * Math.PI * (now / dayMs + BEGINS_AT))) continue;
    made.push({ atMs: now, tokens: lengthOf(random) });
  }
  return made;
}
