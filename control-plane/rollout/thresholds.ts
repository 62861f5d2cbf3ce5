/** When a verdict is reached: every threshold with its default, settable per rollout. Rates and parts are 0 to 1. Pure. */
import * as z from "zod";
import { MIN_COVERAGE, MIN_SAMPLE_RATIO_P, MIN_TEXTS_PER_ARM } from "../report/thresholds.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../widths.ts";

const MAX_MS = 365 * DAY_MS;

const part = (fallback: number) => z.number().min(0).max(1).default(fallback);
const ms = (fallback: number) => z.int().min(0).max(MAX_MS).default(fallback);
const number = (min: number, fallback: number) => z.int().min(min).max(1e9).default(fallback);
const ratio = (fallback: number) => z.number().min(0.1).max(10).default(fallback);

export const thresholdsSchema = z.strictObject({
  minEValue: z
    .number()
    .min(20)
    .max(1e12)
    .default(100)
    .describe(
      "Failed: the evidence of more failures is at least this. By chance it is in at most 1 of so many rollouts.",
    ),
  minFailureDifference: part(0.001).describe("Failed: and the failure rates differ by at least this."),
  minBurstFailures: number(1, 5).describe("Failed: so many failures in a minute, and fewer in the other arm."),
  minBurstRate: part(0.2).describe("Failed: of the minute's texts."),
  failedP95Ratio: ratio(1.2).describe("Failed: P95 is more than this times that of the other arm."),
  maxDisagreement: part(0.01).describe(
    "Failed: more labels differ from the origin's, with confidence. Successful: not more, with confidence. Of a model: more than the present model's.",
  ),
  minTextsPerArm: number(1, MIN_TEXTS_PER_ARM).describe("Successful: eligible texts of each arm."),
  minStepMs: ms(HOUR_MS).describe("Successful: the step has lasted this long."),
  minLastStepMs: ms(DAY_MS).describe("The last comparison before all texts lasts this long."),
  minComparisons: number(1, 750).describe("The shadow step: comparisons."),
  minShadowMs: ms(DAY_MS).describe("The shadow step lasts this long."),
  maxFailureDifference: part(0.005).describe("Successful: the failure rate is at most this much higher."),
  maxP95Ratio: ratio(1).describe("Successful: P95 is at most this times that of the other arm."),
  maxModelP95Ratio: ratio(1.1).describe("The same of a new model, against the present one."),
  minCoverage: part(MIN_COVERAGE).describe("Successful: received records of all records."),
  minSampleRatioP: part(MIN_SAMPLE_RATIO_P).describe("Successful: probability of the measured split by chance."),
  minCallersPerArm: number(1, 30).describe("Where callers are split instead of texts: callers of each arm."),
  maxSilentMs: z.int().min(MINUTE_MS).max(MAX_MS).default(DAY_MS).describe("Paused: without a text for this long."),
  maxStepMs: z
    .int()
    .min(MINUTE_MS)
    .max(MAX_MS)
    .default(7 * DAY_MS)
    .describe("Paused: in one step for this long."),
});
export type Thresholds = z.infer<typeof thresholdsSchema>;

export const DEFAULT_THRESHOLDS: Thresholds = thresholdsSchema.parse({});
