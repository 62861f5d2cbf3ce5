/** What one request leaves behind. Pure data: numbers, codes and names, never a piece of the text. */
import type { Because, Side } from "../decide/route.ts";
import type { FailureReason } from "../sides.ts";

/** How one input of the request was answered. */
export interface InputOutcome {
  side: Side;
  because: Because;
  tokens: number | null;
  model: string;
  /** Why the first side failed, where this is a second try. */
  firstFailure: FailureReason | null;
  /** Why the origin's answer is not one of the edge's kind; null when it is, or the edge answered. */
  originProblem: string | null;
  queueMs: number;
  runMs: number;
}

export interface Outcome {
  requestId: string;
  status: number;
  policyVersion: number | null;
  /** Why the stored policy is not in force; null when it is. */
  policyProblem: string | null;
  /** Why the edge has no model; null while it is ready, cold or loading. */
  edgeProblem: string | null;
  /** The refusal's internal reason; null for an answer. */
  refusal: { code: string; reason: string } | null;
  inputs: readonly InputOutcome[];
  /** The request alone, in US dollars. */
  ownCostUsd: number;
  /** With all its tries, those of texts that got no answer too; what goes on after the answer is on its own spans. */
  costUsd: number;
}

/** `edge`, `origin` or, where the inputs of one request went both ways, `mixed`. */
export function routeOf(inputs: readonly InputOutcome[]): "edge" | "origin" | "mixed" {
  const sides = distinct(inputs.map(({ side }) => side));
  return sides.length === 1 && sides[0] !== undefined ? sides[0] : "mixed";
}

/** Each different value once, in order of appearance: what headers and attributes show of several inputs. */
export function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
