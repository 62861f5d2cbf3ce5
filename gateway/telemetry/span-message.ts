/** A finished span of the library as OTLP has it, and the log record of a request. No span is exported without its allow-list. Pure. */
import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from "@opentelemetry/api";
import { logMessage } from "../../formats/otlp/log-message.ts";
import type { LogMessage, SpanMessage } from "../../formats/otlp/messages.ts";
import { isPlainText } from "../../formats/otlp/plain.ts";
import { STATUS, spanMessage } from "../../formats/otlp/span-message.ts";
import { allowedAttributes } from "./allowed-attributes.ts";
import { LOG_EVENTS } from "./log-events.ts";

/** The library's span, or a child span. */
export interface FinishedSpan {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  status: SpanStatus;
  startTime: HrTime;
  endTime: HrTime;
  events: readonly { name: string; time: HrTime; attributes?: Attributes | undefined }[];
  links: readonly Link[];
  parentSpanContext?: SpanContext | undefined;
  spanContext(): SpanContext;
}

/**
 * Attributes and names that are not allowed are left out; so is a status's message, which may quote the text.
 * @param withTraceState whether the caller's `tracestate` may be exported
 */
export function finishedSpanMessage(span: FinishedSpan, withTraceState: boolean): SpanMessage {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  const message: SpanMessage = spanMessage({
    traceId,
    spanId,
    traceFlags,
    traceState: withTraceState ? traceState?.serialize() : undefined,
    parent: parent === undefined ? null : { spanId: parent.spanId, isRemote: parent.isRemote === true },
    name: span.name,
    kind: span.kind + 1, // OTLP has a kind 0, UNSPECIFIED, that the API lacks
    startUnixNano: unixNanoOf(span.startTime),
    endUnixNano: unixNanoOf(span.endTime),
    attributes: allowedAttributes(span.attributes),
    statusCode: span.status.code,
  });
  message.events = span.events.map(({ name, time, attributes }) => ({
    name: isPlainText(name) ? name : "unnamed",
    timeUnixNano: unixNanoOf(time),
    attributes: allowedAttributes(attributes ?? {}),
  }));
  message.links = span.links.map(({ context, attributes }) => ({
    traceId: context.traceId,
    spanId: context.spanId,
    attributes: allowedAttributes(attributes ?? {}),
  }));
  return message;
}

/** The record of a request: its SERVER span's facts, for search without a trace viewer. They passed the allow-list with the span. */
export function requestLog(root: SpanMessage, sentence: string): LogMessage {
  const { traceId, spanId, flags = 0 } = root;
  return logMessage({
    eventName: LOG_EVENTS.request.name,
    severity: root.status.code === STATUS.error ? "ERROR" : "INFO",
    sentence,
    attributes: root.attributes,
    unixNano: root.endTimeUnixNano,
    span: { traceId, spanId, traceFlags: flags },
  });
}

/** Whole nanoseconds in digits, whatever the clock gave: receivers refuse an export that holds a fraction of one. */
function unixNanoOf([seconds, nanos]: HrTime): string {
  const whole = String(Math.trunc(nanos));
  return seconds === 0 ? whole : `${seconds}${whole.padStart(9, "0")}`;
}
