/** Record exactly once: one outcome per request, onto its root span, its log record and the metrics. Only numbers, codes and names leave here. */

import { plainText } from "../telemetry/allowed-attributes.ts";
import { keepOutcome, recordAttributes } from "../telemetry/span.ts";
import { distinct, type Outcome, routeOf } from "./outcome.ts";

export function record(outcome: Outcome): void {
  const { requestId, policyVersion, policyProblem, edgeProblem, refusal, inputs, costUsd } = outcome;
  keepOutcome(outcome);
  const tokens = inputs.flatMap((input) => (input.tokens === null ? [] : [input.tokens]));
  const failures = inputs.flatMap(({ firstFailure }) => (firstFailure === null ? [] : [firstFailure]));
  const mismatches = inputs.flatMap(({ originProblem }) => (originProblem === null ? [] : [originProblem]));
  recordAttributes({
    "spillway.request_id": requestId,
    "spillway.cost.usd": costUsd,
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
    ...(policyProblem !== null && { "spillway.policy.problem": plainText(policyProblem) }),
    ...(edgeProblem !== null && { "spillway.edge.problem": plainText(edgeProblem) }),
    ...(refusal && { "spillway.refusal": refusal.code, "spillway.refusal.reason": plainText(refusal.reason) }),
  });
}
