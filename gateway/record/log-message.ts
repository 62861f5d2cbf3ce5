/** A log record as OTLP has it. Pure. */
import type { KeyValue } from "../../otlp/attributes.ts";
import type { LogMessage } from "../../otlp/messages.ts";
import { type LogEvent, SEVERITY_NUMBER, type Severity } from "./log-events.ts";
import { plainText } from "./plain-text.ts";

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
