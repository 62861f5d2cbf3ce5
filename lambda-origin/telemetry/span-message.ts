/** An invocation's spans as OTLP has them. Pure. */
import { keyValues } from "../../otlp/attributes.ts";
import type { SpanMessage } from "../../otlp/messages.ts";
import type { Trace } from "./trace.ts";

const KIND = { internal: 1, server: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;

export function spanMessages({ origin, spans }: Trace): SpanMessage[] {
  return spans.map((span) => ({
    traceId: origin.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: origin.traceState,
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: keyValues(span.attributes),
    status: { code: span.failed ? STATUS.error : STATUS.unset },
  }));
}
