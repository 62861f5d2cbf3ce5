/** What is recorded of one request. Pure data: numbers, codes and names, never a part of the text. */
import type { Billed } from "../../formats/ledger/prices.ts";
import type { RecordedArm } from "../../formats/ledger/series.ts";
import type { Because, SideRoute } from "../decide/route.ts";

/** How one input of the request was answered. */
export interface InputOutcome {
  side: SideRoute["side"];
  /** The origin's name; null where the edge answered. */
  origin: string | null;
  arm: RecordedArm;
  because: Because;
  tokens: number | null;
  model: string;
  /** Why the first side failed, a code of sides.ts; null where the first attempt answered. */
  firstFailure: string | null;
  /** How the origin's model differs from the edge's, so that its answer was not used; null where that was not seen. */
  originProblem: string | null;
  queueMs: number;
  runMs: number;
  /** From its admission to its answer. */
  tookMs: number;
}

export interface Outcome {
  requestId: string;
  status: number;
  policyVersion: number | null;
  /** Why the stored policy is not in force; null when it is. */
  policyProblem: string | null;
  /** Why the edge has no model; null while it is ready, cold or loading. */
  edgeProblem: string | null;
  /** What the isolate does with the policy's candidate, a state of `CandidateStatus`; null if the policy has none. */
  edgeCandidate: string | null;
  /** The refusal's internal reason; null for an answer. */
  refusal: { code: string; reason: string } | null;
  inputs: readonly InputOutcome[];
  /** What the request is billed for without its attempts. */
  ownBilled: readonly Billed[];
  /** Of `ownBilled`, in US dollars. */
  ownCostUsd: number;
  /** In US dollars: the request, with all attempts that ended before the answer, failed ones too. What ends later is only on its own span. */
  costUsd: number;
}

/** What several inputs have in common, as headers, attributes and metrics show it. */
export interface OutcomeSummary {
  /** `mixed` where the inputs of one request went to both sides. */
  route: "edge" | "origin" | "mixed";
  /** Each reason once, in order of appearance; models likewise. */
  because: readonly Because[];
  models: readonly string[];
}

/** Of no input the route is `mixed` and the lists are empty. */
export function summaryOf(inputs: readonly InputOutcome[]): OutcomeSummary {
  const sides = distinct(inputs.map(({ side }) => side));
  return {
    route: sides.length === 1 && sides[0] !== undefined ? sides[0] : "mixed",
    because: distinct(inputs.map(({ because }) => because)),
    models: distinct(inputs.map(({ model }) => model)),
  };
}

/** Each different value once, in order of appearance. */
export function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
