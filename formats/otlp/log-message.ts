/** A log record as OTLP has it. Pure. https://opentelemetry.io/docs/specs/otel/logs/data-model/ */
import type { KeyValue } from "./attributes.ts";
import type { LogMessage } from "./messages.ts";
import { plainSentence } from "./plain.ts";

const SEVERITY_NUMBER = { INFO: 9, WARN: 13, ERROR: 17 } as const;
export type Severity = keyof typeof SEVERITY_NUMBER;

export interface LogParts {
  eventName: string;
  severity: Severity;
  /** For people, who read it as the record's body; the attributes are for machines. */
  sentence: string;
  attributes: KeyValue[];
  /** Nanoseconds since 1970, in digits where it is text. */
  unixNano: bigint | string;
  /** The span in which the event was noticed; null outside a request. */
  span: { traceId: string; spanId: string; traceFlags: number } | null;
}

/** One log record. The sentence is made plain and cut at 200 characters. */
export function logMessage({ eventName, severity, sentence, attributes, unixNano, span }: LogParts): LogMessage {
  return {
    timeUnixNano: String(unixNano),
    observedTimeUnixNano: String(unixNano),
    severityNumber: SEVERITY_NUMBER[severity],
    severityText: severity,
    eventName,
    body: { stringValue: plainSentence(sentence) },
    attributes,
    ...(span && { traceId: span.traceId, spanId: span.spanId, flags: span.traceFlags & 0xff }),
  };
}
