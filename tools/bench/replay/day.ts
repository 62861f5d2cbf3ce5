/** A day of texts: a night, an afternoon peak and bursts; mostly short texts, some too long for the edge. Seeded, pure. */
import { seededRandom } from "../../seeded-random.ts";
import type { Random } from "../../simulation/distributions.ts";
import { lengthOf } from "../text-length.ts";

export interface DayText {
  /** From midnight. */
  atMs: number;
  /** Special tokens included. */
  tokens: number;
  isBurst: boolean;
}

export interface DaySpec {
  seed: number;
  /** Of the whole day. */
  texts: number;
}

export const MS_PER_HOUR = 3_600_000;
const HOURS_PER_DAY = 24;
const MS_PER_DAY = HOURS_PER_DAY * MS_PER_HOUR;

export const DAY_SHAPE = {
  /** The busiest moment over the mean; the quietest, 12 hours away, has 2 less this. */
  peakOverMean: 1.8,
  peakAtHour: 14,
  /** As batches of a program: so many percent of the texts in so many times of so many seconds. */
  bursts: 6,
  burstSeconds: 10,
  burstPercent: 10,
} as const;

/** @returns exactly so many texts, in the order of their arrival: independent times whose density is the day's shape */
export function dayOf({ seed, texts }: DaySpec): DayText[] {
  const random = seededRandom(seed);
  const { bursts, burstSeconds, burstPercent } = DAY_SHAPE;
  const inBursts = Math.round((texts * burstPercent) / 100);
  const burstMs = burstSeconds * 1000;
  const starts = Array.from({ length: bursts }, () => Math.min(timeOfDay(random), MS_PER_DAY - burstMs));
  const made = Array.from({ length: texts }, (_, index): DayText => {
    const isBurst = index < inBursts;
    const atMs = isBurst ? (starts[index % bursts] ?? 0) + random() * burstMs : timeOfDay(random);
    return { atMs, tokens: lengthOf(random), isBurst };
  });
  return made.sort((a, b) => a.atMs - b.atMs);
}

/** The texts of some hours of a day. */
export function hoursOf(day: readonly DayText[], { fromHour, hours }: { fromHour: number; hours: number }): DayText[] {
  const [fromMs, toMs] = [fromHour * MS_PER_HOUR, (fromHour + hours) * MS_PER_HOUR];
  return day.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

/** By rejection; in ms from midnight. */
function timeOfDay(random: Random): number {
  const { peakOverMean, peakAtHour } = DAY_SHAPE;
  for (;;) {
    const hour = random() * HOURS_PER_DAY;
    const rate = 1 + (peakOverMean - 1) * Math.cos((2 * Math.PI * (hour - peakAtHour)) / HOURS_PER_DAY);
    if (random() * peakOverMean <= rate) return hour * MS_PER_HOUR;
  }
}
