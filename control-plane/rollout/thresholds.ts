/** When a verdict is reached: the defaults, each settable per rollout. Rates and parts are 0 to 1. Pure. */
import { DAY_MS, HOUR_MS } from "../widths.ts";

export interface Thresholds {
  /** Failed: the e-value of failures is at least this, so that it happens by chance in at most 1 of so many rollouts. */
  minEValue: number;
  /** Failed: and the failure rates differ by at least this. */
  minFailureDifference: number;
  /** Failed: so many failures within a minute, at this rate, and not alike in both arms. */
  minBurstFailures: number;
  minBurstRate: number;
  /** Failed: the ratio of the P95s is above this. */
  failedP95Ratio: number;
  /** Failed: the agreement is below this. Successful: it is at least this. */
  minAgreement: number;
  /** Successful: eligible texts of each arm. */
  minTextsPerArm: number;
  /** Successful: the step has lasted this long. */
  minStepMs: number;
  /** The step before 100 % lasts this long. */
  minLastStepMs: number;
  /** The shadow step: comparisons, and time. */
  minComparisons: number;
  minShadowMs: number;
  /** Successful: the failure rate of the treatment arm is at most so much higher. */
  maxFailureDifference: number;
  /** Successful: the ratio of the P95s is at most this, of a share and of a model. */
  maxP95Ratio: number;
  maxModelP95Ratio: number;
  minCoverage: number;
  minSampleRatioP: number;
  /** Where callers are split: callers of each arm, below which the arms are not compared. */
  minCallersPerArm: number;
  /** Paused: without a text for this long, or in one step for this long. */
  maxSilentMs: number;
  maxStepMs: number;
}

export const DEFAULT_THRESHOLDS: Thresholds = {
  minEValue: 100,
  minFailureDifference: 0.001,
  minBurstFailures: 5,
  minBurstRate: 0.2,
  failedP95Ratio: 1.2,
  minAgreement: 0.99,
  minTextsPerArm: 1000,
  minStepMs: HOUR_MS,
  minLastStepMs: DAY_MS,
  minComparisons: 750,
  minShadowMs: DAY_MS,
  maxFailureDifference: 0.005,
  maxP95Ratio: 1,
  maxModelP95Ratio: 1.1,
  minCoverage: 0.95,
  minSampleRatioP: 0.001,
  minCallersPerArm: 30,
  maxSilentMs: DAY_MS,
  maxStepMs: 7 * DAY_MS,
};
