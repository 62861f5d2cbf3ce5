/** Record exactly once: one outcome per request, onto its root span. Only numbers, codes and names leave here. */
import type { Outcome } from "../outcome.ts";
import { distinct, routeOf } from "../outcome.ts";
import { recordAttributes } from "./span.ts";

/** The trace drops longer values whole; the start of a policy's problem is worth more than nothing. */
const PROBLEM_CHARACTERS = 200;

export function record({ requestId, policyVersion, policyProblem, edgeProblem, refusal, inputs }: Outcome): void {
  const tokens = inputs.flatMap((input) => (input.tokens === null ? [] : [input.tokens]));
  const failures = inputs.flatMap(({ firstFailure }) => (firstFailure === null ? [] : [firstFailure]));
  const mismatches = inputs.flatMap(({ originProblem }) => (originProblem === null ? [] : [originProblem]));
  recordAttributes({
    "spillway.request_id": requestId,
    ...(inputs.length > 0 && {
      "spillway.inputs": inputs.length,
      "spillway.route": routeOf(inputs),
      "spillway.because": distinct(inputs.map(({ because }) => because)).join(", "),
      "spillway.model": distinct(inputs.map(({ model }) => model)).join(", "),
      "spillway.tokens": tokens.reduce((sum, count) => sum + count, 0),
    }),
    ...(failures.length > 0 && { "spillway.failure": distinct(failures).join(", ") }),
    ...(mismatches.length > 0 && { "spillway.origin.problem": distinct(mismatches).join(", ") }),
    ...(policyVersion !== null && { "spillway.policy.version": policyVersion }),
    ...(policyProblem !== null && { "spillway.policy.problem": plain(policyProblem) }),
    ...(edgeProblem !== null && { "spillway.edge.problem": plain(edgeProblem) }),
    ...(refusal && { "spillway.refusal": refusal.code, "spillway.refusal.reason": plain(refusal.reason) }),
  });
}

function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, PROBLEM_CHARACTERS);
}
