/** A span as OTLP has it. Each program keeps its spans in another shape, and passes their parts. Pure. */
import type { KeyValue } from "./attributes.ts";
import type { SpanMessage } from "./messages.ts";
import { isPlainText } from "./plain.ts";

/** OTLP's numbers for the kinds that Spillway has; 0 is UNSPECIFIED. */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;
export const STATUS = { unset: 0, error: 2 } as const;

export interface SpanParts {
  traceId: string;
  spanId: string;
  /** W3C trace flags, one byte. */
  traceFlags: number;
  /** The `tracestate` header's value. */
  traceState: string | undefined;
  /** Null where the span begins its trace. */
  parent: { spanId: string; isRemote: boolean } | null;
  name: string;
  /** One of OTLP's numbers, as in `SPAN_KIND`. */
  kind: number;
  /** Nanoseconds since 1970, in digits where it is text. */
  startUnixNano: bigint | string;
  endUnixNano: bigint | string;
  attributes: KeyValue[];
  /** One of OTLP's numbers, as in `STATUS`. */
  statusCode: number;
}

/** A name that is not plain becomes `unnamed`. A status has no message, since a message may quote a text. */
export function spanMessage(span: SpanParts): SpanMessage {
  const { name, parent } = span;
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: parent?.spanId,
    flags: spanFlags(span.traceFlags, parent?.isRemote === true),
    name: isPlainText(name) ? name : "unnamed",
    kind: span.kind,
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: span.attributes,
    status: { code: span.statusCode },
  };
}

/** Bits 8 and 9 of OTLP's span flags: whether it is known where the parent is, and whether that is another process. */
const PARENT_SIDE_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

function spanFlags(traceFlags: number, isParentRemote: boolean): number {
  return (traceFlags & 0xff) | PARENT_SIDE_KNOWN | (isParentRemote ? PARENT_IS_REMOTE : 0);
}
