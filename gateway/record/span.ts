/** Spans and attributes for the rooms. All of it is harmless outside a traced request: work runs, nothing is recorded. */
import {
  type Attributes,
  context,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Outcome } from "../outcome.ts";
import { errorType, isAbort } from "./error-type.ts";
import { bufferOf } from "./span-processor.ts";

/**
 * Runs `work` as a child span of what is running now. A throw marks the span by the error's type alone (a message could quote
 * the text) and goes on to the caller. An abort is not an error: somebody hung up or another side won.
 */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T> | T,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  // Outside a request the library's tracer throws: it finds no configuration.
  if (!bufferOf(context.active())) return work(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  return trace.getTracer("spillway").startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      if (isAbort(error)) span.setAttribute("spillway.aborted", true);
      else recordFailure(span, errorType(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Marks a span as failed with a short code such as `timeout` or `500`, never a message. */
export function recordFailure(span: Span, type: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", type);
}

/** Puts attributes on the request's root span, from however deep inside. */
export function recordAttributes(attributes: Attributes): void {
  bufferOf(context.active())?.root?.setAttributes(attributes);
}

/** Keeps what the active request leaves, until its end; the last word counts. */
export function leaveOutcome(outcome: Outcome): void {
  const buffer = bufferOf(context.active());
  if (buffer) buffer.outcome = outcome;
}

/** The value of a `traceresponse` header (W3C Trace Context level 2): the root span of the active request. */
export function traceResponse(): string | undefined {
  const span = bufferOf(context.active())?.root?.spanContext();
  if (!span) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}
