/** The counts that a look judges. */
import type { Histogram } from "../../formats/ledger/histogram.ts";

export interface ArmFigures {
  /** Answered and failed texts: what `countTexts(…).figures` has as `answered + failures`. */
  n: number;
  failures: number;
  /** Of the same texts. */
  times: Histogram;
}

export interface Comparisons {
  compared: number;
  disagreed: number;
}

/** Counts of one minute: answered and failed texts. */
export interface MinuteCounts {
  n: number;
  failures: number;
}

/** The counts of a step: rows of the policy version `Rollout.policyVersion` only, since it was written. */
export interface StepFigures {
  /** The inside arm; of a model's rollout the texts of the candidate's isolates. */
  treatment: ArmFigures;
  /** The outside arm (both halves); of a model's rollout the texts of the incumbent's isolates. */
  control: ArmFigures;
  /** The latest whole minute; null before any. Its counts should have arrived: each minute is tested once. */
  minute: { startMs: number; treatment: MinuteCounts; control: MinuteCounts } | null;
  /** Shadow comparisons: of the edge with the origin; of a model's rollout of the candidate with the origin. */
  agreement: Comparisons;
  /** Of a model's rollout: comparisons of the incumbent with the origin. Else null. */
  incumbent: Comparisons | null;
  /** Received records of all records, 0 to 1; null without any. */
  coverage: number | null;
  /** When texts of this version were last counted, ineligible ones too; null before any. */
  lastTextMs: number | null;
  /** Where callers are split instead of texts: the callers of both arms, null where they are not known. Null where texts are split. */
  callers: { treatment: number | null; control: number | null } | null;
  /** Why the candidate was rejected by an isolate or by the packer; null if it was not. */
  candidateRejected: string | null;
}
