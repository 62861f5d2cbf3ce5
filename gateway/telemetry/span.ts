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
import type { OriginTrace } from "../../formats/origin-wire.ts";
import type { Outcome } from "../record/outcome.ts";
import { countDropped } from "./exporter.ts";
import { parseOriginTrace } from "./origin-trace.ts";
import type { Sampling } from "./sampling.ts";
import { bufferOf } from "./trace-buffer.ts";

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

/** The same for a call of something outside, which gets a CLIENT span. */
export function inCallSpan<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return inSpan(name, attributes, work, SpanKind.CLIENT);
}

/** The same for work that must be over before anything else of the isolate goes on: not even a microtask lies in between. */
export function inSpanAtOnce<T>(name: string, attributes: Attributes, work: (span: Span) => T): T {
  if (!bufferOf(context.active())) return work(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  return trace.getTracer("spillway").startActiveSpan(name, { attributes }, (span) => {
    try {
      return work(span);
    } catch (error) {
      recordFailure(span, errorType(error));
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

/** Which traces are kept after the fact is for the policy that the request is answered by. */
export function recordSampling(sampling: Sampling): void {
  bufferOf(context.active())?.obey(sampling);
}

/** Takes the spans that an origin has handed back with its answer to the call that `client` is the span of. */
export function recordOriginTrace(client: Span, trace: OriginTrace): void {
  const buffer = bufferOf(context.active());
  if (buffer === undefined) return;
  const handed = parseOriginTrace(trace, client.spanContext());
  if (handed === null) countDropped("traces", trace.spans.length);
  else buffer.hold(handed);
}

/** Keeps what the active request leaves, until its end; the last word counts. */
export function keepOutcome(outcome: Outcome): void {
  const buffer = bufferOf(context.active());
  if (buffer) buffer.outcome = outcome;
}

/** The value of a `traceresponse` header (W3C Trace Context level 2): the root span of the active request. */
export function traceResponse(): string | undefined {
  const span = bufferOf(context.active())?.root?.spanContext();
  if (!span) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

/** A thrown value as one word for `error.type`. Pure. */

/** The error's class name, or `_OTHER`: a message or a made-up name could hold a caller's text. */
export function errorType(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : "_OTHER";
}

/** Whether the work was called off, as opposed to failed or timed out (`TimeoutError`). */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
