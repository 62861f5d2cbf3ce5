/** What is said of an event. Pure. */
import type { Attributes } from "@opentelemetry/api";
import type { LogMessage, SpanMessage } from "../../formats/otlp/messages.ts";
import { plainText } from "../telemetry/allowed-attributes.ts";
import { LOG_EVENTS, type LogEvent, logMessage, type Severity } from "../telemetry/log-message.ts";
import type { BreakerChanged, EdgeLoadEnded, IsolateEvent, PolicyProblemChanged } from "./events.ts";
import { distinct, type Outcome, routeOf } from "./outcome.ts";

export interface LogEntry {
  event: LogEvent;
  severity: Severity;
  sentence: string;
  attributes: Attributes;
}

/** Null for what happens to every text: that is counted, and in its request's trace. */
export function eventLog(event: IsolateEvent): LogEntry | null {
  switch (event.kind) {
    case "edge-load":
      return edgeLoad(event);
    case "breaker":
      return breaker(event);
    case "policy":
      return {
        event: LOG_EVENTS.policy,
        severity: "INFO",
        sentence: `policy ${event.version} of ${event.source} is in force`,
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
            sentence: `the ${event.side} would have answered with another label`,
            attributes: {
              "spillway.shadow.side": event.side,
              "spillway.shadow.score_distance": event.scoreDistance,
            },
          };
    case "edge-run":
    case "origin-call":
    case "try-paid":
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
      ...(reason !== null && { "spillway.edge.problem": plainText(reason) }),
      "spillway.edge.load_ms": loadMs,
      "spillway.edge.heap_bytes": heapBytes,
      "spillway.model": model,
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
      ...(reason !== null && { "spillway.breaker.reason": plainText(reason) }),
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
        attributes: { "spillway.policy.problem": plainText(problem) },
      };
}

/** A request's one log record: its SERVER span's facts, to be found without a trace viewer. Pure. */

const STATUS_ERROR = 2;

/** `root` is allow-listed already. */
export function requestLog(root: SpanMessage, outcome: Outcome | undefined): LogMessage {
  return logMessage({
    event: LOG_EVENTS.request,
    severity: root.status.code === STATUS_ERROR ? "ERROR" : "INFO",
    sentence: sentence(outcome),
    attributes: root.attributes,
    timeUnixNano: root.endTimeUnixNano,
    trace: { traceId: root.traceId, spanId: root.spanId, traceFlags: (root.flags ?? 0) & 0xff },
  });
}

function sentence(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "no outcome";
  const { refusal, status, inputs } = outcome;
  if (refusal !== null) return `refused ${status} ${refusal.code}: ${refusal.reason}`;
  return [routeOf(inputs), ...distinct(inputs.map(({ because }) => because))].join(", ");
}
