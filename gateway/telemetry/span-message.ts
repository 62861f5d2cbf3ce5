/** A finished span as OTLP has it, allow-listed on the way: nothing else writes what leaves. */
import type { SpanImpl } from "@microlabs/otel-cf-workers";
import type { HrTime } from "@opentelemetry/api";
import { keyValues } from "../../formats/otlp/attributes.ts";
import type { SpanMessage } from "../../formats/otlp/messages.ts";
import { allowedAttributes, isPlainText } from "./allowed-attributes.ts";

export type FinishedSpan = Pick<
  SpanImpl,
  "name" | "kind" | "attributes" | "status" | "startTime" | "endTime" | "events" | "links" | "parentSpanContext"
> & { spanContext(): ReturnType<SpanImpl["spanContext"]> };

/** Bits 8 and 9 of OTLP's span flags: whether the parent's side is known, and whether it is another process. */
const PARENT_SIDE_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

export function spanMessage(span: FinishedSpan): SpanMessage {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = span.parentSpanContext;
  return {
    traceId,
    spanId,
    traceState: traceState?.serialize(),
    parentSpanId: parent?.spanId,
    flags: (traceFlags & 0xff) | PARENT_SIDE_KNOWN | (parent?.isRemote === true ? PARENT_IS_REMOTE : 0),
    name: isPlainText(span.name) ? span.name : "unnamed",
    kind: span.kind + 1, // OTLP has an UNSPECIFIED kind that the API lacks
    startTimeUnixNano: unixNano(span.startTime),
    endTimeUnixNano: unixNano(span.endTime),
    attributes: keyValues(allowedAttributes(span.attributes)),
    events: span.events.map(({ name, time, attributes }) => ({
      name: isPlainText(name) ? name : "unnamed",
      timeUnixNano: unixNano(time),
      attributes: keyValues(allowedAttributes(attributes ?? {})),
    })),
    links: span.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: keyValues(allowedAttributes(attributes ?? {})),
    })),
    status: { code: span.status.code }, // never its message, which may quote the text
  };
}

/** A whole number, whatever the clock gave: a fraction of a nanosecond makes a receiver refuse the export. */
function unixNano([seconds, nanos]: HrTime): string {
  return (BigInt(seconds) * 1_000_000_000n + BigInt(Math.trunc(nanos))).toString();
}
