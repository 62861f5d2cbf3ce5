/** What a step still needs to be successful, one entry per unmet condition: how many texts, and how long at the present pace. Pure. */
import { count, counted, percent, ratio } from "../report/numbers.ts";
import { textsOfLook } from "../statistics/p95-looks.ts";
import { hasEnoughCallers } from "./failed.ts";
import type { Judged } from "./measure.ts";
import type { LookNumbers, Missing } from "./types.ts";
import { ARM_NAMES, duration, IN_THIS_STEP, labelsInWords, p95InWords, points } from "./words.ts";

/** A condition of success; null where it is met. */
type Condition = (judged: Judged, numbers: LookNumbers) => Missing | null;

export interface Unmet {
  missing: Missing[];
  /** Whether the step only waits for its least number of texts and its least time: it is too early for any other condition. */
  isEarly: boolean;
}

/** Empty where the step is successful. */
export function unmetOf(judged: Judged, numbers: LookNumbers): Unmet {
  const isShadow = judged.step.judgedBy === "shadow";
  const early = listOf(isShadow ? [comparisons, time] : [treatmentTexts, controlTexts, time], judged, numbers);
  const later = listOf(isShadow ? [labels, coverage] : COMPARE, judged, numbers);
  return { missing: [...early, ...later], isEarly: early.length > 0 };
}

function listOf(conditions: readonly Condition[], judged: Judged, numbers: LookNumbers): Missing[] {
  return conditions.flatMap((condition) => condition(judged, numbers) ?? []);
}

const treatmentTexts: Condition = (judged, { treatment }) =>
  texts(judged, treatment.n, ARM_NAMES[judged.compared].treatment);
const controlTexts: Condition = (judged, { control }) => texts(judged, control.n, ARM_NAMES[judged.compared].control);

function texts({ thresholds: { minTextsPerArm }, ...judged }: Judged, n: number, arm: string): Missing | null {
  if (n >= minTextsPerArm) return null;
  return { what: `${counted(minTextsPerArm - n, "text")} ${arm}`, ...paced(judged, n, minTextsPerArm) };
}

const comparisons: Condition = ({ thresholds: { minComparisons }, ...judged }, { agreement: { compared } }) => {
  if (compared >= minComparisons) return null;
  const what = counted(minComparisons - compared, "comparison");
  return { what: `${what} of labels`, ...paced(judged, compared, minComparisons) };
};

const time: Condition = ({ step: { minMs }, nowMs, sinceMs }) => {
  const ms = sinceMs + minMs - nowMs;
  return ms <= 0 ? null : { what: `${duration(ms)} ${IN_THIS_STEP}`, texts: null, ms };
};

const failures: Condition = ({ thresholds: { maxFailureDifference: limit }, ...judged }, numbers) => {
  const { failureDifference: value, failureDifferenceAtMost: high, treatment, control } = numbers;
  if (value === null || high === null || high <= limit) return null;
  const n = Math.min(treatment.n, control.n);
  const what = `certainty about failures: at most ${points(high)} more so far, ${points(limit)} are allowed`;
  return { what, ...paced(judged, n, needed(n, high - value, limit - value)) };
};

const p95: Condition = (judged, numbers) => {
  const { compared, evidence, thresholds } = judged;
  const limit = compared === "model" ? thresholds.maxModelP95Ratio : thresholds.maxP95Ratio;
  const { p95Ratio: value, p95RatioAtMost: high, treatment, control } = numbers;
  const n = Math.min(treatment.n, control.n);
  const next = textsOfLook((evidence.p95?.look ?? 0) + 1);
  if (value === null || high === null) {
    return { what: "a comparison of P95", ...paced(judged, n, Math.max(next, n + 1)) };
  }
  if (high <= limit) return null;
  const atLeast = needed(evidence.p95?.texts ?? n, Math.log(high / value), Math.log(limit / value));
  const what = `certainty about P95: ${p95InWords(numbers, ARM_NAMES[compared])}, at most ${ratio(high)}; ${ratio(limit)} is allowed`;
  return { what, ...paced(judged, n, atLeast === null ? null : Math.max(next, atLeast)) };
};

const labels: Condition = (judged, numbers) => {
  const { agreement, incumbent } = numbers;
  const { maxDisagreement: limit, minComparisons } = judged.thresholds;
  const more = agreement.atMost - (incumbent?.atLeast ?? 0);
  if (more <= limit) return null;
  const { compared, disagreed } = agreement;
  if (compared === 0) return { what: "comparisons of labels", ...paced(judged, 0, minComparisons) };
  const present = incumbent === null || incumbent.compared === 0 ? 0 : incumbent.disagreed / incumbent.compared;
  const value = disagreed / compared - present;
  const allowed = incumbent === null ? percent(limit) : `${points(limit)} more than of the present model`;
  const bound = incumbent === null ? percent(more) : `${points(more)} more`;
  const what = `certainty about labels: ${labelsInWords(numbers)}, at most ${bound}; ${allowed} is allowed`;
  return { what, ...paced(judged, compared, needed(compared, more - value, limit - value)) };
};

const coverage: Condition = ({ thresholds: { minCoverage } }, { coverage: value }) => {
  if (value !== null && value >= minCoverage) return null;
  const what = `coverage: ${percent(value)} of the records were received, ${percent(minCoverage)} are needed`;
  return { what, texts: null, ms: null };
};

const split: Condition = ({ thresholds: { minSampleRatioP } }, { sampleRatioP, achievedPart, askedPart }) => {
  if (sampleRatioP === null || sampleRatioP >= minSampleRatioP) return null;
  const what = `the asked split: ${percent(achievedPart)} of the texts are inside, not ${percent(askedPart)}`;
  return { what, texts: null, ms: null };
};

const callers: Condition = (judged) => {
  if (hasEnoughCallers(judged)) return null;
  const { minCallersPerArm } = judged.thresholds;
  const what = `${count(minCallersPerArm)} callers in each arm, because callers are split; or split by text`;
  return { what, texts: null, ms: null };
};

const COMPARE: readonly Condition[] = [failures, p95, labels, coverage, split, callers];

/** Intervals narrow with the square root. Null where more texts of the same kind would not help. */
function needed(n: number, distance: number, wanted: number): number | null {
  return wanted <= 0 ? null : Math.ceil(n * (distance / wanted) ** 2);
}

/** From `n` to `wanted`, at the pace since the step began. */
function paced(
  { nowMs, sinceMs }: Pick<Judged, "nowMs" | "sinceMs">,
  n: number,
  wanted: number | null,
): Pick<Missing, "texts" | "ms"> {
  if (wanted === null) return { texts: null, ms: null };
  const more = Math.max(1, wanted - n);
  return { texts: more, ms: n === 0 || nowMs <= sinceMs ? null : Math.ceil((more / n) * (nowMs - sinceMs)) };
}
