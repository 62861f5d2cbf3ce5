/**
 * Sorts spans into the buffer of the request that they belong to. The one of otel-cf-workers keeps a map by trace id that it
 * never empties; this one holds nothing but weak references.
 */

import type { TraceFlushableSpanProcessor } from "@microlabs/otel-cf-workers";
import { type Context, createContextKey, type Span } from "@opentelemetry/api";
import type { TraceBuffer } from "./trace-buffer.ts";

type EndedSpan = Parameters<TraceFlushableSpanProcessor["onEnd"]>[0];

const bufferKey = createContextKey("spillway.trace-buffer");
const buffers = new WeakMap<object, TraceBuffer>();

export function withBuffer(context: Context, buffer: TraceBuffer): Context {
  return context.setValue(bufferKey, buffer);
}

export function bufferOf(context: Context): TraceBuffer | undefined {
  return context.getValue(bufferKey) as TraceBuffer | undefined;
}

/** Puts a span into a buffer; the root must be put by hand, as it starts before its request has a context. */
export function adopt(span: Span, buffer: TraceBuffer): void {
  if (buffer.start(span)) buffers.set(span, buffer);
}

export const spanProcessor: TraceFlushableSpanProcessor = {
  onStart(span, context) {
    const buffer = bufferOf(context);
    if (buffer) adopt(span, buffer);
  },
  onEnd(span: EndedSpan) {
    buffers.get(span)?.end(span as EndedSpan & Span); // SpanImpl is both
  },
  // A buffer sends itself when its root ends; there is nothing to be flushed by trace id.
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
