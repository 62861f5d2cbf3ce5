/**
 * Finds the request that the running code belongs to: by OpenTelemetry's context, and for a span that ends, by a weak reference from
 * it. The processor of otel-cf-workers keeps a map by trace id that it never empties; nothing in this file outlives a request.
 */
import type { TraceFlushableSpanProcessor } from "@microlabs/otel-cf-workers";
import { type Context, context, createContextKey, type Span } from "@opentelemetry/api";
import type { Meter } from "./meter.ts";
import type { TraceBuffer } from "./trace-buffer.ts";

/** What the handler adds to the telemetry of its request. */
export interface RequestSummary {
  /** The body of the request's log record. */
  sentence: string;
  /** Counts the request. Called once, when it is answered. */
  count(meter: Meter): void;
}

export interface ActiveRequest {
  /** The SERVER span. */
  readonly root: Span;
  readonly buffer: TraceBuffer;
  /** Null until the handler has set it. */
  summary: RequestSummary | null;
}

const requestKey = createContextKey("spillway.request");
const buffers = new WeakMap<object, TraceBuffer>();

/** A context in which this request is the active one. */
export function withRequest(context: Context, request: ActiveRequest): Context {
  return context.setValue(requestKey, request);
}

/** Null outside a traced request. */
export function activeRequest(): ActiveRequest | null {
  return requestOf(context.active());
}

/** Null outside a traced request. */
export function requestOf(context: Context): ActiveRequest | null {
  return (context.getValue(requestKey) as ActiveRequest | undefined) ?? null; // only withRequest() writes this key
}

/** Puts a root that begins into its buffer. Other spans have their buffer. */
export function addToBuffer(root: Span, buffer: TraceBuffer): void {
  if (buffer.start(root)) buffers.set(root, buffer);
}

type EndedSpan = Parameters<TraceFlushableSpanProcessor["onEnd"]>[0];

/** The library keeps the first processor that it gets for the life of the isolate, so there is one. It holds no state. */
export const spanProcessor: TraceFlushableSpanProcessor = {
  // The root begins before its request has a context.
  onStart: () => {},
  onEnd(span: EndedSpan) {
    buffers.get(span)?.end(span as EndedSpan & Span); // the library's SpanImpl is both
  },
  // A buffer sends itself when its root ends; there is nothing to flush by trace id.
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
