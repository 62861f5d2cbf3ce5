/** A sudden burst of failures: found within a minute, where the evidence of a long step would need many. Pure. */
import { fisherUpperTail } from "../statistics/hypergeometric.ts";
import type { MinuteCounts } from "./figures.ts";
import type { Judged } from "./measure.ts";
import type { Evidence } from "./types.ts";
import { ARM_NAMES, failuresInWords } from "./words.ts";

/** By chance, a rollout ever fails for a burst with at most this probability. */
const ERROR = 0.001;

/**
 * Tests the look's minute: a burst in the treatment arm that the control arm does not have. A minute is tested once, by the first look at
 * which both arms together have enough failures. That does not depend on how they are split, so the errors that the tests spend,
 * `ERROR` · 6/(π²k²), add up to at most `ERROR`.
 * @returns the evidence with the minute as tested, and the reason if the step has failed
 */
export function testMinute(
  { compared, step, thresholds, figures: { minute } }: Judged,
  evidence: Evidence,
): { evidence: Evidence; reason: string | null } {
  const { minBurstFailures, minBurstRate } = thresholds;
  const isBurst = (failures: number, n: number) => failures >= minBurstFailures && failures >= minBurstRate * n;
  const untested = { evidence, reason: null };
  if (step.judgedBy !== "compare" || minute === null || minute.startMs <= evidence.burst.minuteMs) return untested;
  const { treatment, control } = minute;
  if (!isBurst(treatment.failures + control.failures, treatment.n)) return untested;
  const tests = evidence.burst.tests + 1;
  const chance = fisherUpperTail(countOf(treatment), countOf(control));
  const isFailed = isBurst(treatment.failures, treatment.n) && chance <= (ERROR * 6) / (Math.PI * tests) ** 2;
  const time = new Date(minute.startMs).toISOString().slice(11, 16);
  return {
    evidence: { ...evidence, burst: { minuteMs: minute.startMs, tests } },
    reason: isFailed ? `In the minute from ${time} UTC, ${failuresInWords(minute, ARM_NAMES[compared])}.` : null,
  };
}

function countOf({ failures, n }: MinuteCounts) {
  return { count: failures, n };
}
