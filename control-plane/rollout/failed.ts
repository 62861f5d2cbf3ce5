/** The rules that fail a step, each with its reason. The first that holds decides. Pure. */
import { count, percent, ratio } from "../report/numbers.ts";
import type { Judged } from "./measure.ts";
import type { LookNumbers } from "./types.ts";
import { ARM_NAMES, failuresInWords, labelsInWords, p95InWords, points } from "./words.ts";

/** Why the step has failed by its numbers; null if it has not. */
export function failureOf(judged: Judged, numbers: LookNumbers): string | null {
  const { candidateRejected } = judged.figures;
  if (candidateRejected !== null) return `The candidate was rejected: ${candidateRejected}.`;
  const labels = tooManyDisagreements(judged, numbers);
  if (judged.step.judgedBy !== "compare") return labels;
  return moreFailures(judged, numbers) ?? slower(judged, numbers) ?? labels;
}

function moreFailures({ compared, thresholds }: Judged, numbers: LookNumbers): string | null {
  const { eValue, failureDifference } = numbers;
  if (eValue < thresholds.minEValue || (failureDifference ?? 0) < thresholds.minFailureDifference) return null;
  const chance = eValue >= 1e9 ? "a billion" : count(Math.floor(eValue));
  return `${failuresInWords(numbers, ARM_NAMES[compared])}. By chance it is so in at most 1 of ${chance} rollouts.`;
}

function slower(judged: Judged, numbers: LookNumbers): string | null {
  const { compared, thresholds } = judged;
  const { p95RatioAtLeast } = numbers;
  if (!hasEnoughCallers(judged) || p95RatioAtLeast === null || p95RatioAtLeast <= thresholds.failedP95Ratio)
    return null;
  const bound = `at least ${ratio(p95RatioAtLeast)}; the limit is ${ratio(thresholds.failedP95Ratio)}`;
  return `${p95InWords(numbers, ARM_NAMES[compared])}, ${bound}.`;
}

/** A model is compared with the incumbent's disagreement, a share with none. */
function tooManyDisagreements({ thresholds: { maxDisagreement } }: Judged, numbers: LookNumbers): string | null {
  const { agreement, incumbent } = numbers;
  const more = agreement.atLeast - (incumbent?.atMost ?? 0);
  if (more <= maxDisagreement) return null;
  if (incumbent === null) {
    return `${labelsInWords(numbers)}, at least ${percent(more)}; the limit is ${percent(maxDisagreement)}.`;
  }
  const present = percent(incumbent.compared === 0 ? null : incumbent.disagreed / incumbent.compared);
  const bound = `at least ${points(more)} more; the limit is ${points(maxDisagreement)} more`;
  return `${labelsInWords(numbers)}, of the present model's ${present}: ${bound}.`;
}

/** Callers that are split are too few to compare times of the arms: the texts of one caller are alike. */
export function hasEnoughCallers({ figures: { callers }, thresholds: { minCallersPerArm } }: Judged): boolean {
  return callers === null || Math.min(callers.treatment ?? 0, callers.control ?? 0) >= minCallersPerArm;
}
