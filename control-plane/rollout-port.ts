/** Rollouts as the root object answers and changes them. Plain values: they cross RPC. */
import * as z from "zod";
import { MODEL_ID } from "../formats/model-package/names.ts";
import { percent } from "../policies/fields.ts";
import type { HalvesWatch } from "./rollout/halves.ts";
import { thresholdsSchema } from "./rollout/thresholds.ts";
import type { Look, RolloutStatus } from "./rollout/types.ts";
import { DAY_MS } from "./widths.ts";

const MAX_NAME_LENGTH = 300;
const MAX_STEPS = 20;

/** Who asks for it. */
export const byName = z.string().trim().min(1).max(MAX_NAME_LENGTH).default("operator");

const started = z.strictObject({
  steps: z.array(percent).min(1).max(MAX_STEPS).nullable().default(null),
  shadowFirst: z.boolean().default(false),
  again: z.boolean().default(false),
  thresholds: thresholdsSchema.prefault({}),
  lookEveryMs: z.int().min(1000).max(DAY_MS).default(60_000),
  author: byName,
  /** The name of the policy version that it was decided for: another one is a conflict. Null: any. */
  expectedPolicy: z.string().max(MAX_NAME_LENGTH).nullable().default(null),
});

const MODEL_WORDS = "must be a published model: <name>@<64 hex digits>";
const modelId = z.string({ error: MODEL_WORDS }).regex(MODEL_ID, MODEL_WORDS);

/** The body of `POST /v1/rollouts`. What its target may be depends on its kind. */
export const startSchema = z.discriminatedUnion(
  "kind",
  [
    started.extend({ kind: z.literal("share"), target: percent }),
    started.extend({ kind: z.literal("model"), target: modelId }),
  ],
  { error: 'must be "share" or "model"' },
);
export type StartRequest = z.infer<typeof startSchema>;

export type RolloutChange = "pause" | "resume" | "abort";

export type ChangeAnswer =
  | { is: "changed"; rollout: RolloutStatus }
  /** Another rollout, an earlier one, or the rollout's state is in the way. */
  | { is: "conflict"; problem: string }
  | { is: "invalid"; problem: string };

export interface RolloutsAnswer {
  /** The one that is not over, or whose rollback is not written. */
  current: RolloutStatus | null;
  /** The newest first, the current one included. */
  rollouts: RolloutStatus[];
  /** The halves of the outside arm, judged as arms are; null before the first look at them. */
  halves: HalvesWatch | null;
}

export interface AuditRow {
  atMs: number;
  by: string;
  what: string;
  /** Null for what belongs to no rollout. */
  rolloutId: number | null;
}

export interface OneRollout {
  rollout: RolloutStatus;
  /** At most 500, in ascending order: the latest ones, or those before the number that was asked for. */
  looks: Look[];
  /** What people and the rollout did, in ascending order. */
  events: AuditRow[];
}
