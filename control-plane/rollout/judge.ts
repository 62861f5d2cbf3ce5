/** The verdict on a step, with its reason and what is missing. Pure: the same figures always get the same verdict. */
import { percent, ratio } from "../report/numbers.ts";
import { testMinute } from "./burst.ts";
import { failureOf } from "./failed.ts";
import { type Judged, measure } from "./measure.ts";
import { unmetOf } from "./missing.ts";
import type { Evidence, LookNumbers, Missing, Verdict } from "./types.ts";
import { ARM_NAMES, duration, labelsInWords, p95InWords, points, waitOf } from "./words.ts";

export interface Judgement {
  verdict: Exclude<Verdict, "interrupted">;
  reason: string;
  numbers: LookNumbers;
  missing: readonly Missing[];
  /** Whether the step only waits for its least number of texts and its least time. */
  isEarly: boolean;
  /** For the next look. */
  evidence: Evidence;
}

/** Judges the counts of one step. What chance may do over all looks together is in docs/internals/rollouts.md. */
export function judge(judged: Judged): Judgement {
  const measured = measure(judged);
  const { numbers } = measured;
  const { evidence, reason: burst } = testMinute(judged, measured.evidence);
  const failure = burst ?? failureOf(judged, numbers);
  if (failure !== null) return { verdict: "failed", reason: failure, numbers, missing: [], isEarly: false, evidence };
  const { missing, isEarly } = unmetOf({ ...judged, evidence }, numbers);
  if (missing.length > 0) {
    return { verdict: "inconclusive", reason: missingInWords(missing), numbers, missing, isEarly, evidence };
  }
  return { verdict: "successful", reason: successInWords(judged, numbers), numbers, missing, isEarly, evidence };
}

function missingInWords(missing: readonly Missing[]): string {
  const list = missing.map((one) => {
    const waitMs = waitOf(one);
    return waitMs === null ? one.what : `${one.what} (about ${duration(waitMs)})`;
  });
  return `Not decided. Missing: ${list.join("; ")}.`;
}

function successInWords({ compared, step }: Judged, numbers: LookNumbers): string {
  const { failureDifferenceAtMost, p95RatioAtMost, agreement } = numbers;
  const labels = `${labelsInWords(numbers)}, at most ${percent(agreement.atMost)}`;
  if (step.judgedBy !== "compare" || p95RatioAtMost === null || failureDifferenceAtMost === null) return `${labels}.`;
  const p95 = `${p95InWords(numbers, ARM_NAMES[compared])}, at most ${ratio(p95RatioAtMost)}`;
  return `${p95}; failures are at most ${points(failureDifferenceAtMost)} more; ${labels}.`;
}
