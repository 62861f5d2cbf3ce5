/**
 * The product's own proof: the halves of the outside arm are served alike, and are judged for ever by the code that judges rollouts. A failed
 * verdict on them is a false alarm. A run is of one policy version and at most `MAX_RUN_MS`, as a step is. Pure.
 */
import { DAY_MS } from "../widths.ts";
import { FIRST_EVIDENCE } from "./evidence.ts";
import type { StepFigures } from "./figures.ts";
import { type Judgement, judge } from "./judge.ts";
import { DEFAULT_THRESHOLDS } from "./thresholds.ts";
import type { Evidence, Verdict } from "./types.ts";

const MAX_RUN_MS = 7 * DAY_MS;
const STEP = { judgedBy: "compare", part: 0.5, minMs: 0 } as const;

export interface HalvesWatch {
  policyVersion: number;
  /** Of the present run: the figures of the next look are counted from here. */
  sinceMs: number;
  evidence: Evidence;
  /** Runs with texts, the present one included. */
  runs: number;
  falseAlarms: number;
  /** Of the present run, at its last look, or at its false alarm. */
  verdict: Verdict | null;
  reason: string;
}

/** @param watch null at first */
export function watchHalves(
  watch: HalvesWatch | null,
  { nowMs, policyVersion, figures }: { nowMs: number; policyVersion: number; figures: StepFigures },
): HalvesWatch {
  if (watch === null || watch.policyVersion !== policyVersion || nowMs - watch.sinceMs >= MAX_RUN_MS) {
    return startOf(watch, policyVersion, nowMs);
  }
  // One alarm per run.
  if (watch.verdict === "failed" || figures.treatment.n + figures.control.n === 0) return watch;
  const judgement = judgeHalves(watch, figures, nowMs);
  return {
    ...watch,
    evidence: judgement.evidence,
    runs: watch.verdict === null ? watch.runs + 1 : watch.runs,
    falseAlarms: watch.falseAlarms + (judgement.verdict === "failed" ? 1 : 0),
    verdict: judgement.verdict,
    reason: judgement.reason,
  };
}

function judgeHalves({ evidence, sinceMs }: HalvesWatch, figures: StepFigures, nowMs: number): Judgement {
  return judge({
    compared: "halves",
    step: STEP,
    thresholds: DEFAULT_THRESHOLDS,
    evidence,
    figures: { ...figures, agreement: { compared: 0, disagreed: 0 }, incumbent: null, candidateRejected: null },
    nowMs,
    sinceMs,
  });
}

function startOf(watch: HalvesWatch | null, policyVersion: number, nowMs: number): HalvesWatch {
  return {
    policyVersion,
    sinceMs: nowMs,
    evidence: FIRST_EVIDENCE,
    runs: watch?.runs ?? 0,
    falseAlarms: watch?.falseAlarms ?? 0,
    verdict: null,
    reason: "",
  };
}
