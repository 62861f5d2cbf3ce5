/** An invocation's spans as OTLP has them. Pure. */
import { keyValues } from "../../otlp/attributes.ts";
import type { SpanMessage } from "../../otlp/messages.ts";
import type { Trace } from "./trace.ts";

const KIND = { internal: 1, server: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;
/** Bits 8 and 9 of OTLP's span flags: whether the parent's side is known, and whether it is another process. */
const PARENT_SIDE_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

export function spanMessages({ origin, spans }: Trace): SpanMessage[] {
  return spans.map((span) => ({
    traceId: origin.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: origin.traceState,
    flags: Number(origin.sampled) | PARENT_SIDE_KNOWN | (isRemote(span.parentSpanId, origin) ? PARENT_IS_REMOTE : 0),
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: keyValues(span.attributes),
    status: { code: span.failed ? STATUS.error : STATUS.unset },
  }));
}

function isRemote(parentSpanId: string | undefined, origin: Trace["origin"]): boolean {
  return parentSpanId !== undefined && parentSpanId === origin.parentSpanId;
}
