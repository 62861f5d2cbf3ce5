/**
 * Records what operators see: each request exactly once, on its root span, in its log record and in the metrics; and each event of the
 * isolate. Only numbers, codes and names are exported.
 */
import { armOfRecorded } from "../../formats/ledger/series.ts";
import { plainSentence } from "../../formats/otlp/plain.ts";
import type { Call } from "../call.ts";
import type { TelemetrySinks } from "../telemetry/batch.ts";
import { recordAttributes, recordSummary } from "../telemetry/span.ts";
import type { Report } from "./events.ts";
import { eventLog, outcomeSentence } from "./logs.ts";
import { countEvent, countOutcome } from "./metrics.ts";
import { distinct, type Outcome, summaryOf } from "./outcome.ts";

/** The gateway's `report`: counts each event, and logs it unless it is one of every text. */
export function createReport({ count, log }: TelemetrySinks): Report {
  return (event) => {
    count((meter) => countEvent(event, meter));
    const entry = eventLog(event);
    if (entry !== null) log(entry);
  };
}

/** Records the request of a call. The last time counts, as when an error handler refuses what was recorded as answered. */
export function record(outcome: Outcome, call: Pick<Call, "recorded">): void {
  call.recorded = outcome;
  const { requestId, policyVersion, policyProblem, edgeProblem, edgeCandidate, refusal, inputs, costUsd } = outcome;
  recordSummary({ sentence: outcomeSentence(outcome), count: (meter) => countOutcome(outcome, meter) });
  const { route, because, models } = summaryOf(inputs);
  const tokens = inputs.flatMap((input) => (input.tokens === null ? [] : [input.tokens]));
  const failures = inputs.flatMap(({ firstFailure }) => (firstFailure === null ? [] : [firstFailure]));
  const mismatches = inputs.flatMap(({ originProblem }) => (originProblem === null ? [] : [originProblem]));
  recordAttributes({
    "spillway.request_id": requestId,
    "spillway.cost.usd": costUsd,
    ...(inputs.length > 0 && {
      "spillway.inputs": inputs.length,
      "spillway.route": route,
      "spillway.because": because.join(", "),
      "spillway.arm": distinct(inputs.map(({ arm }) => armOfRecorded(arm))).join(", "),
      "spillway.model": models.join(", "),
      "spillway.tokens": tokens.reduce((sum, count) => sum + count, 0),
    }),
    ...(failures.length > 0 && { "spillway.failure": distinct(failures).join(", ") }),
    ...(mismatches.length > 0 && { "spillway.origin.problem": distinct(mismatches).join(", ") }),
    ...(policyVersion !== null && { "spillway.policy.version": policyVersion }),
    ...(policyProblem !== null && { "spillway.policy.problem": plainSentence(policyProblem) }),
    ...(edgeProblem !== null && { "spillway.edge.problem": plainSentence(edgeProblem) }),
    ...(edgeCandidate !== null && { "spillway.edge.candidate": edgeCandidate }),
    ...(refusal && { "spillway.refusal": refusal.code, "spillway.refusal.reason": plainSentence(refusal.reason) }),
  });
}
