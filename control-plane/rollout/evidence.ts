/** What is carried from look to look, and from step to step. Pure. */
import type { Comparisons } from "./figures.ts";
import type { Evidence, StepEvidence } from "./types.ts";

const NONE: Comparisons = { compared: 0, disagreed: 0 };
const NO_EVIDENCE: StepEvidence = { logE: 0, agreement: NONE, incumbent: NONE };

export const FIRST_EVIDENCE: Evidence = {
  before: NO_EVIDENCE,
  step: NO_EVIDENCE,
  p95: null,
  maxSplitLogE: 0,
  burst: { minuteMs: 0, tests: 0 },
};

/** For the next step: what is of the step begins anew, what is of the rollout adds up. */
export function evidenceOfNextStep({ before, step, burst }: Evidence): Evidence {
  return {
    ...FIRST_EVIDENCE,
    before: {
      logE: before.logE + step.logE,
      agreement: sumOf(before.agreement, step.agreement),
      incumbent: sumOf(before.incumbent, step.incumbent),
    },
    burst,
  };
}

export function sumOf(a: Comparisons, b: Comparisons): Comparisons {
  return { compared: a.compared + b.compared, disagreed: a.disagreed + b.disagreed };
}
