/** The statistics of a look: numbers with bounds that hold however often one looks. Pure. */
import { logEValue, logEValueOfMore } from "../statistics/e-value.ts";
import { compareP95, p95Look } from "../statistics/p95-looks.ts";
import { rateBounds } from "../statistics/rate-bounds.ts";
import { sumOf } from "./evidence.ts";
import type { Comparisons, StepFigures } from "./figures.ts";
import type { Thresholds } from "./thresholds.ts";
import type {
  BoundedComparisons,
  Evidence,
  LookNumbers,
  P95Comparison,
  RolloutKind,
  RolloutStep,
  StepEvidence,
} from "./types.ts";

/** What is judged: a share, a model, or two halves of one arm. */
export type Compared = RolloutKind | "halves";

export interface Measured {
  numbers: LookNumbers;
  evidence: Evidence;
}

/** Of every bound; a difference of two rates gives each half of the error. */
const CONFIDENCE = 0.95;
const CONFIDENCE_OF_EACH = (1 + CONFIDENCE) / 2;
/** e^690 is a number, e^710 is not. */
const MAX_LOG_E = 690;

/** One look at a step. */
export interface Judged {
  compared: Compared;
  step: Pick<RolloutStep, "judgedBy" | "part" | "minMs">;
  thresholds: Thresholds;
  /** As the look before left it. */
  evidence: Evidence;
  figures: StepFigures;
  nowMs: number;
  /** The begin of the step. */
  sinceMs: number;
}

/** Numbers of the step's texts; of shadow comparisons those of all steps. */
export function measure({ compared, step, evidence: known, figures }: Judged): Measured {
  const { treatment, control, coverage } = figures;
  const evidence = { ...known, step: { logE: 0, agreement: figures.agreement, incumbent: incumbentOf(figures) } };
  const ofEach = compared === "model" ? CONFIDENCE_OF_EACH : CONFIDENCE;
  const agreement = bounded(sumOf(known.before.agreement, evidence.step.agreement), ofEach);
  const incumbent = sumOf(known.before.incumbent, evidence.step.incumbent);
  const numbers: LookNumbers = {
    ...NO_ARMS,
    agreement,
    incumbent: compared === "model" ? bounded(incumbent, ofEach) : null,
    coverage,
  };
  if (step.judgedBy !== "compare") return { numbers, evidence };
  const p95 = p95Of(figures, known.p95);
  const splitLogE = maxSplitLogE(compared, step.part, figures, known.maxSplitLogE);
  const failures = failuresOf(figures, step.part);
  return {
    numbers: {
      ...numbers,
      treatment: { n: treatment.n, failures: treatment.failures, p95Ms: p95?.treatmentMs ?? null },
      control: { n: control.n, failures: control.failures, p95Ms: p95?.controlMs ?? null },
      eValue: Math.exp(Math.min(MAX_LOG_E, known.before.logE + failures.logEOfMore)),
      ...differenceOf(figures),
      p95Ratio: p95?.ratio ?? null,
      p95RatioAtLeast: p95?.low ?? null,
      p95RatioAtMost: p95?.high ?? null,
      askedPart: step.part,
      achievedPart: treatment.n + control.n === 0 ? null : treatment.n / (treatment.n + control.n),
      sampleRatioP: splitLogE === null ? null : Math.min(1, Math.exp(-splitLogE)),
    },
    evidence: {
      ...evidence,
      step: { ...evidence.step, logE: failures.logE },
      p95,
      maxSplitLogE: splitLogE ?? known.maxSplitLogE,
    },
  };
}

const NO_ARM = { n: 0, failures: 0, p95Ms: null };
const NO_ARMS = {
  treatment: NO_ARM,
  control: NO_ARM,
  eValue: 0,
  failureDifference: null,
  failureDifferenceAtMost: null,
  p95Ratio: null,
  p95RatioAtLeast: null,
  p95RatioAtMost: null,
  askedPart: null,
  achievedPart: null,
  sampleRatioP: null,
};

function incumbentOf({ incumbent }: StepFigures): StepEvidence["incumbent"] {
  return incumbent ?? { compared: 0, disagreed: 0 };
}

function bounded(comparisons: Comparisons, confidence: number): BoundedComparisons {
  const { low, high } = rateBounds({ count: comparisons.disagreed, n: comparisons.compared }, confidence);
  return { ...comparisons, atLeast: low, atMost: high };
}

/**
 * `logE` is what later steps continue from. Where the treatment arm has fewer failures than its part, it is at most 0: evidence of fewer
 * failures in one step is no evidence of more in the next.
 */
function failuresOf({ treatment, control }: StepFigures, part: number) {
  const events = { treatment: treatment.failures, control: control.failures };
  if (events.treatment + events.control === 0) return { logE: 0, logEOfMore: Number.NEGATIVE_INFINITY };
  const logEOfMore = logEValueOfMore(events, { treatment: treatment.n, control: control.n }, part);
  const logE = logEOfMore > Number.NEGATIVE_INFINITY ? logEOfMore : Math.min(0, logEValue(events, part));
  return { logE, logEOfMore };
}

function differenceOf({ treatment, control }: StepFigures) {
  if (treatment.n === 0 || control.n === 0) return { failureDifference: null, failureDifferenceAtMost: null };
  const [first, second] = [treatment, control].map(({ failures: count, n }) =>
    rateBounds({ count, n }, CONFIDENCE_OF_EACH),
  );
  if (first === undefined || second === undefined) throw new RangeError("two arms have two rates");
  return { failureDifference: first.value - second.value, failureDifferenceAtMost: first.high - second.low };
}

/** Computed once per scheduled look, and remembered. */
function p95Of({ treatment, control }: StepFigures, last: P95Comparison | null): P95Comparison | null {
  const texts = Math.min(treatment.n, control.n);
  const look = p95Look(texts);
  if (look <= (last?.look ?? 0)) return last;
  const { ratio, ...times } = compareP95(treatment.times, control.times, look);
  return { look, texts, ...times, ratio: ratio?.value ?? null, low: ratio?.low ?? null, high: ratio?.high ?? null };
}

/** Null where texts are not split one by one: by callers, or by isolates. */
function maxSplitLogE(compared: Compared, part: number, figures: StepFigures, known: number): number | null {
  if (compared === "model" || figures.callers !== null) return null;
  return Math.max(known, logEValue({ treatment: figures.treatment.n, control: figures.control.n }, part));
}
