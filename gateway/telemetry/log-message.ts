/** A log record as OTLP has it. Pure. */
import type { KeyValue } from "../../formats/otlp/attributes.ts";
import type { LogMessage } from "../../formats/otlp/messages.ts";
import { plainText } from "./allowed-attributes.ts";

export interface LogParts {
  event: LogEvent;
  severity: Severity;
  /** For people; the attributes are for machines. */
  sentence: string;
  attributes: KeyValue[];
  timeUnixNano: string;
  /** The request in which it was noticed, where there is one. */
  trace: { traceId: string; spanId: string; traceFlags: number } | undefined;
}

export function logMessage({ event, severity, sentence, attributes, timeUnixNano, trace }: LogParts): LogMessage {
  return {
    timeUnixNano,
    observedTimeUnixNano: timeUnixNano,
    severityNumber: SEVERITY_NUMBER[severity],
    severityText: severity,
    eventName: event.name,
    body: { stringValue: plainText(sentence) },
    attributes,
    ...(trace && { traceId: trace.traceId, spanId: trace.spanId, flags: trace.traceFlags }),
  };
}

/** Every event that is logged, by its name. docs/reference/telemetry.md shows the same table, and a test compares it with what leaves. */

export interface LogEvent {
  name: string;
  severities: readonly Severity[];
  meaning: string;
  attributes: readonly string[];
}

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
export const SEVERITY_NUMBER = { INFO: 9, WARN: 13, ERROR: 17 } as const;
export type Severity = keyof typeof SEVERITY_NUMBER;

export const LOG_EVENTS = {
  request: {
    name: "spillway.request",
    severities: ["INFO", "ERROR"],
    meaning: "A request was answered; ERROR where with 5xx. There where its trace is, once.",
    attributes: ["those of the request's SERVER span"],
  },
  edgeLoad: {
    name: "spillway.edge.load",
    severities: ["INFO", "WARN", "ERROR"],
    meaning: "A load of the edge model ended: ready, failed (and will be tried again), or rejected.",
    attributes: [
      "spillway.edge.result",
      "spillway.edge.problem",
      "spillway.edge.load_ms",
      "spillway.edge.heap_bytes",
      "spillway.model",
    ],
  },
  breaker: {
    name: "spillway.breaker",
    severities: ["INFO", "WARN"],
    meaning: "A breaker changed; WARN where it opened.",
    attributes: [
      "spillway.side",
      "spillway.origin",
      "spillway.breaker.from",
      "spillway.breaker.to",
      "spillway.breaker.reason",
    ],
  },
  policy: {
    name: "spillway.policy",
    severities: ["INFO"],
    meaning: "Another policy is in force in this isolate.",
    attributes: ["spillway.policy.version", "spillway.policy.source"],
  },
  policyProblem: {
    name: "spillway.policy.problem",
    severities: ["INFO", "WARN"],
    meaning: "What is stored is not what is in force, and why; INFO once it is again.",
    attributes: ["spillway.policy.problem"],
  },
  shadowDisagreed: {
    name: "spillway.shadow.disagreed",
    severities: ["INFO"],
    meaning: "Both sides classified a text, with different best labels. Comparisons that agree are counted only.",
    attributes: ["spillway.shadow.side", "spillway.shadow.score_distance"],
  },
} as const satisfies Record<string, LogEvent>;
