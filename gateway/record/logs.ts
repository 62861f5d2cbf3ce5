/** The log records of events and requests: severity, sentence, attributes. Pure. */
import { plainSentence } from "../../formats/otlp/plain.ts";
import type { LogEntry } from "../telemetry/batch.ts";
import { LOG_EVENTS } from "../telemetry/log-events.ts";
import type { BreakerChanged, CandidateRejected, EdgeLoadEnded, IsolateEvent, PolicyProblemChanged } from "./events.ts";
import { type Outcome, summaryOf } from "./outcome.ts";

/** The log record of an event. Null for events of every text: they are counted, and in the trace of their request. */
export function eventLog(event: IsolateEvent): LogEntry | null {
  switch (event.kind) {
    case "edge-load":
      return edgeLoad(event);
    case "candidate-rejected":
      return candidateRejected(event);
    case "breaker":
      return breaker(event);
    case "policy":
      return {
        event: LOG_EVENTS.policy,
        severity: "INFO",
        sentence: `policy version ${event.version} is in force (source: ${event.source})`,
        attributes: { "spillway.policy.version": event.version, "spillway.policy.source": event.source },
      };
    case "policy-problem":
      return policyProblem(event);
    case "shadow":
      return event.agrees
        ? null
        : {
            event: LOG_EVENTS.shadowDisagreed,
            severity: "INFO",
            sentence: `shadow: the best label of the ${event.side} differs from the answer's`,
            attributes: {
              "spillway.shadow.side": event.side,
              "spillway.shadow.score_distance": event.scoreDistance,
            },
          };
    case "edge-run":
    case "origin-call":
    case "attempt-paid":
    case "edge-load-paid":
    case "text-ended":
    case "key-used":
    case "request-ended":
      return null;
  }
}

const LOAD_SEVERITY = { ready: "INFO", failed: "WARN", rejected: "ERROR" } as const;

function edgeLoad({ result, reason, model, loadMs, heapBytes }: EdgeLoadEnded): LogEntry {
  return {
    event: LOG_EVENTS.edgeLoad,
    severity: LOAD_SEVERITY[result],
    sentence: reason === null ? `edge model ${result} in ${loadMs} ms` : `edge model ${result}: ${reason}`,
    attributes: {
      "spillway.edge.result": result,
      ...(reason !== null && { "spillway.edge.problem": plainSentence(reason) }),
      "spillway.edge.load_ms": loadMs,
      "spillway.edge.heap_bytes": heapBytes,
      "spillway.model": model,
    },
  };
}

function candidateRejected({ model, reason, policyVersion }: CandidateRejected): LogEntry {
  return {
    event: LOG_EVENTS.candidateRejected,
    severity: "ERROR",
    sentence: `the candidate is rejected, and the policy's model runs: ${reason}`,
    attributes: {
      "spillway.model": model,
      "spillway.edge.problem": plainSentence(reason),
      "spillway.policy.version": policyVersion,
    },
  };
}

function breaker({ side, origin, from, to, reason }: BreakerChanged): LogEntry {
  const name = origin === null ? side : `${side} ${origin}`;
  return {
    event: LOG_EVENTS.breaker,
    severity: to === "open" ? "WARN" : "INFO",
    sentence: `${name} breaker ${to}${reason === null ? "" : `: ${reason}`}`,
    attributes: {
      "spillway.side": side,
      ...(origin !== null && { "spillway.origin": origin }),
      "spillway.breaker.from": from,
      "spillway.breaker.to": to,
      ...(reason !== null && { "spillway.breaker.reason": plainSentence(reason) }),
    },
  };
}

function policyProblem({ problem }: PolicyProblemChanged): LogEntry {
  return problem === null
    ? {
        event: LOG_EVENTS.policyProblem,
        severity: "INFO",
        sentence: "the stored policy is in force again",
        attributes: {},
      }
    : {
        event: LOG_EVENTS.policyProblem,
        severity: "WARN",
        sentence: `the stored policy is not in force: ${problem}`,
        attributes: { "spillway.policy.problem": plainSentence(problem) },
      };
}

/** The body of a request's log record: the route and why, or the refusal. */
export function outcomeSentence({ refusal, status, inputs }: Outcome): string {
  if (refusal !== null) return `refused ${status} ${refusal.code}: ${refusal.reason}`;
  const { route, because } = summaryOf(inputs);
  return [route, ...because].join(", ");
}
