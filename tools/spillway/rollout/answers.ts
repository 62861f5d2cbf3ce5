/** What the control plane answers about rollouts. */
import { z } from "zod";
import { ROLLOUT_STATES } from "../../../control-plane/rollout/types.ts";

/** The bounds are of the disagreement. */
const comparisons = z.object({ compared: z.number(), disagreed: z.number(), atLeast: z.number(), atMost: z.number() });
const arm = z.object({ n: z.number(), failures: z.number(), p95Ms: z.number().nullable() });
const nullable = z.number().nullable();

const numbersSchema = z.object({
  treatment: arm,
  control: arm,
  eValue: z.number(),
  failureDifference: nullable,
  failureDifferenceAtMost: nullable,
  p95Ratio: nullable,
  p95RatioAtLeast: nullable,
  p95RatioAtMost: nullable,
  agreement: comparisons,
  incumbent: comparisons.nullable(),
  coverage: nullable,
  askedPart: nullable,
  achievedPart: nullable,
  sampleRatioP: nullable,
});
export type Numbers = z.infer<typeof numbersSchema>;

const missingSchema = z.object({ what: z.string(), texts: nullable, ms: nullable });
const verdictSchema = z.enum(["failed", "successful", "inconclusive", "interrupted"]);

export const statusSchema = z.looseObject({
  id: z.number(),
  kind: z.enum(["share", "model"]),
  target: z.union([z.number(), z.string()]),
  state: z.enum(ROLLOUT_STATES),
  step: z.string(),
  steps: z.array(z.string()),
  verdict: verdictSchema.nullable(),
  reason: z.string(),
  missing: z.array(missingSchema),
  policyVersion: z.number(),
  startedMs: z.number(),
  stepStartedMs: nullable,
  endedMs: nullable,
  pending: z.looseObject({ reason: z.string(), attempts: z.number(), lastProblem: z.string().nullable() }).nullable(),
  numbers: numbersSchema.nullable(),
});
export type Status = z.infer<typeof statusSchema>;

const lookSchema = z.looseObject({
  number: z.number(),
  atMs: z.number(),
  step: z.string(),
  policyVersion: z.number(),
  verdict: verdictSchema,
  reason: z.string(),
  numbers: numbersSchema,
  missing: z.array(missingSchema),
});
export type SeenLook = z.infer<typeof lookSchema>;

const eventSchema = z.object({ atMs: z.number(), by: z.string(), what: z.string() });
export type SeenEvent = z.infer<typeof eventSchema>;

/** `GET /v1/rollouts`: the newest rollout is first. */
export const listSchema = z.object({ current: statusSchema.nullable(), rollouts: z.array(statusSchema) });
/** `GET /v1/rollouts/<id>`: looks and events are in ascending order. */
export const oneSchema = z.object({
  rollout: statusSchema,
  looks: z.array(lookSchema),
  events: z.array(eventSchema),
});
/** After a change. */
export const changedSchema = z.object({ rollout: statusSchema });
