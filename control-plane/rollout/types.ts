/**
 * What a rollout is, what happens to it, and what it answers. Everything is JSON, except the histograms in `StepFigures`, which no rollout
 * keeps. Times are in ms since 1970.
 */
import type { Comparisons, StepFigures } from "./figures.ts";
import type { Thresholds } from "./thresholds.ts";

export type RolloutKind = "share" | "model";

/**
 * - `running`: waits for texts of the step, or for its least time. `held`: no texts come, or they suffice and decide nothing.
 * - `paused`: by a person, or after a day without a text or a week in one step.
 * - `succeeded`, `failed`, `interrupted`, `aborted`: ended. A rollback may still wait to be written: `pending`.
 */
export const ROLLOUT_STATES = ["running", "held", "paused", "succeeded", "failed", "interrupted", "aborted"] as const;
export type RolloutState = (typeof ROLLOUT_STATES)[number];

export type Verdict = "failed" | "successful" | "inconclusive" | "interrupted";

/** The fields of the policy that a rollout writes; it leaves all others as they are. */
export interface PolicyValues {
  /** `edge.share` */
  sharePercent: number;
  /** `shadow.share` */
  shadowPercent: number;
  /** `model` */
  model: string | null;
  /** `candidate` */
  candidate: { model: string; sharePercent: number } | null;
}

/** The policy in force. */
export interface PresentPolicy {
  version: number;
  /** The rollout that wrote this version, by the history's `rollout #n`; null for any other author. */
  rolloutId: number | null;
  values: PolicyValues;
}

export interface RolloutStep {
  /** "shadow", "10 %", "all" */
  name: string;
  /** Written when the step begins. */
  values: PolicyValues;
  /**
   * - `shadow`: both sides are compared, no share moves.
   * - `compare`: two arms are compared.
   * - `end`: nothing is left to compare: the rollout has succeeded when the values are written.
   */
  judgedBy: "shadow" | "compare" | "end";
  /** The part of the eligible texts that the treatment arm should have, 0 to 1. */
  part: number;
  /** The step lasts at least this long. */
  minMs: number;
}

/** A new version of the policy that is to be written. It is asked for at each look until it is written or given up. */
export interface PendingWrite {
  /** Unique in the rollout: an answer to an earlier write is recognized by it. */
  number: number;
  kind: "step" | "rollback";
  /** The index of the step that begins with it; null for a rollback. */
  toStep: number | null;
  values: PolicyValues;
  /** For the history: `rollout #3: step 10 %`. It always begins with `rollout #<id>`. */
  reason: string;
  attempts: number;
  lastProblem: string | null;
}

export interface Rollout {
  id: number;
  kind: RolloutKind;
  /** Percent of a share; the id of a model. */
  target: number | string;
  state: RolloutState;
  /** Why it is in this state, in one sentence. */
  reason: string;
  steps: readonly RolloutStep[];
  /** An index into `steps`: the step that is in force, or the first one before it is written. */
  step: number;
  /** What a rollback restores. */
  before: PolicyValues;
  /** The version whose texts are judged; before the first write the version that the rollout started from. */
  policyVersion: number;
  startedMs: number;
  /** When the step's values were written; null before. */
  stepStartedMs: number | null;
  endedMs: number | null;
  /** From when a rollout is paused for lack of texts: the begin of the step, or when it was resumed. */
  waitsSinceMs: number;
  thresholds: Thresholds;
  pending: PendingWrite | null;
  evidence: Evidence;
  /** How many were asked for. */
  writes: number;
  looks: number;
  lastLook: Look | null;
}

/** What the statistics must remember from look to look. */
export interface Evidence {
  /** Of the steps before this one: ln E of failures, and comparisons, which add up as long as the model is the same. */
  before: StepEvidence;
  /** Of this step, at its last look. */
  step: StepEvidence;
  /** The last scheduled comparison of P95 in this step. */
  p95: P95Comparison | null;
  /** The largest ln E against the asked split in this step. */
  maxSplitLogE: number;
  /** The last minute that was tested for a burst of failures, and how many were tested in this rollout. */
  burst: { minuteMs: number; tests: number };
}

export interface StepEvidence {
  logE: number;
  agreement: Comparisons;
  incumbent: Comparisons;
}

/** Made when the smaller arm reaches 200 · 2^(look/2) texts, so that the bounds of all looks hold together. */
export interface P95Comparison {
  look: number;
  /** Of the smaller arm. */
  texts: number;
  treatmentMs: number | null;
  controlMs: number | null;
  /** Treatment over control; null where there are too few texts for bounds. */
  ratio: number | null;
  low: number | null;
  high: number | null;
}

export type RolloutEvent =
  | { kind: "look"; nowMs: number; policy: PresentPolicy; figures: StepFigures }
  /** `write`: the number of the action. `version`: of the document that it wrote. */
  | { kind: "write-succeeded"; nowMs: number; write: number; version: number }
  /** A conflict too: the next look finds the other version. */
  | { kind: "write-failed"; nowMs: number; write: number; problem: string }
  | { kind: "pause" | "resume" | "abort"; nowMs: number; by: string };

/**
 * Write the values as a new version, only if the policy's version is still `expectedVersion`. On success answer with `write-succeeded`, else
 * with `write-failed`. Where the answer is lost, the next look finds the version in force and continues.
 */
export interface Action {
  kind: "write";
  number: number;
  values: PolicyValues;
  expectedVersion: number;
  reason: string;
}

export interface Advanced {
  rollout: Rollout;
  actions: readonly Action[];
  /** To be stored; null for events that judge nothing. */
  look: Look | null;
  /** Why a person's command was not obeyed; null otherwise. */
  refused: string | null;
}

/** What a verdict is missing. */
export interface Missing {
  /** In words: "1,000 texts of the inside arm". */
  what: string;
  /** Eligible texts or comparisons; null where texts do not help. */
  texts: number | null;
  /** At the present pace; null where it is not known. */
  ms: number | null;
}

/** Append-only: what was seen, and what it was judged to be. */
export interface Look {
  number: number;
  atMs: number;
  step: string;
  policyVersion: number;
  verdict: Verdict;
  /** One sentence with the numbers. */
  reason: string;
  numbers: LookNumbers;
  missing: readonly Missing[];
}

/** Parts and rates are 0 to 1. Null where there are too few texts, or where the step does not compare. */
export interface LookNumbers {
  treatment: { n: number; failures: number; p95Ms: number | null };
  control: { n: number; failures: number; p95Ms: number | null };
  /** Evidence of more failures in the treatment arm, over the whole rollout; 0 where it has no more. At most 10^300. */
  eValue: number;
  failureDifference: number | null;
  failureDifferenceAtMost: number | null;
  p95Ratio: number | null;
  p95RatioAtLeast: number | null;
  p95RatioAtMost: number | null;
  /** Of the whole rollout. Agreement is 1 less `disagreed / compared`; the bounds are of the disagreement. */
  agreement: BoundedComparisons;
  incumbent: BoundedComparisons | null;
  coverage: number | null;
  askedPart: number | null;
  achievedPart: number | null;
  sampleRatioP: number | null;
}

export interface BoundedComparisons extends Comparisons {
  atLeast: number;
  atMost: number;
}

/** What `spillway rollout status --json` prints. */
export interface RolloutStatus {
  id: number;
  kind: RolloutKind;
  target: number | string;
  state: RolloutState;
  /** Its name. */
  step: string;
  steps: readonly string[];
  /** Of the last look; null before. */
  verdict: Verdict | null;
  reason: string;
  missing: readonly Missing[];
  policyVersion: number;
  startedMs: number;
  stepStartedMs: number | null;
  endedMs: number | null;
  /** A write that did not succeed yet. */
  pending: PendingWrite | null;
  numbers: LookNumbers | null;
}
