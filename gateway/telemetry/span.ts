/** Spans, attributes and the summary of the active request. Outside a traced request work runs and nothing is recorded. */
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
import { errorType } from "../../formats/otlp/error-type.ts";
import { activeRequest, type RequestSummary, requestOf } from "./active-request.ts";
import { ChildSpan } from "./child-span.ts";
import { parseOriginTrace } from "./origin-trace.ts";
import type { Sampling, Standing } from "./sampling.ts";

/**
 * Runs `work` as a child of the active span. What `work` throws is thrown on; it marks the span with the error's class name only, as a
 * message could quote the text. An abort is not an error: the caller hung up, or the other side answered first.
 */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T> | T,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  const span = startSpan(name, attributes, kind);
  if (span === null) return work(NO_SPAN);
  return context.with(trace.setSpan(context.active(), span), () => ended(span, work));
}

/** What work gets outside a traced request. */
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Below the active span; null outside a traced request. */
function startSpan(name: string, attributes: Attributes, kind: SpanKind): Span | null {
  const active = context.active();
  const request = requestOf(active);
  const parent = trace.getSpanContext(active);
  if (request === null || parent === undefined) return null;
  return new ChildSpan({ name, kind, attributes, parent, buffer: request.buffer });
}

async function ended<T>(span: Span, work: (span: Span) => Promise<T> | T): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    if (isAbort(error)) span.setAttribute("spillway.aborted", true);
    else recordFailure(span, errorType(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Like `inSpan`, for a call of another service: the span's kind is CLIENT. */
export function inCallSpan<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return inSpan(name, attributes, work, SpanKind.CLIENT);
}

/** Like `inSpan`, for work that starts no span and makes no call: it runs in its parent's context, since a context takes time to enter. */
export async function inLeafSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = startSpan(name, attributes, SpanKind.INTERNAL);
  return span === null ? work(NO_SPAN) : ended(span, work);
}

/** Like `inLeafSpan`, for synchronous work: no other work of the isolate runs before it has ended. */
export function inSpanAtOnce<T>(name: string, attributes: Attributes, work: (span: Span) => T): T {
  const span = startSpan(name, attributes, SpanKind.INTERNAL);
  if (span === null) return work(NO_SPAN);
  try {
    return work(span);
  } catch (error) {
    recordFailure(span, errorType(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed with a short code such as `timeout` or `500`, never a message. */
export function recordFailure(span: Span, type: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", type);
}

/** Sets attributes on the request's root span. */
export function recordAttributes(attributes: Attributes): void {
  activeRequest()?.root.setAttributes(attributes);
}

/** Sets by which policy's rules it is decided whether the request's trace is kept. */
export function recordSampling(sampling: Sampling): void {
  activeRequest()?.buffer.setSampling(sampling);
}

/** Sets what authentication found out about the caller. */
export function recordStanding(standing: Standing): void {
  activeRequest()?.buffer.setStanding(standing);
}

/** Sets what the request's metrics and log record say. The last call counts. */
export function recordSummary(summary: RequestSummary): void {
  const request = activeRequest();
  if (request !== null) request.summary = summary;
}

/** Adds the spans that an origin returned with its answer to the call that has the span `client`. */
export function recordOriginTrace(client: Span, originTrace: OriginTrace): void {
  const buffer = activeRequest()?.buffer;
  if (buffer === undefined) return;
  const originSpans = parseOriginTrace(originTrace, client.spanContext());
  if (originSpans === null) buffer.countDropped(originTrace.spans.length);
  else buffer.addOriginSpans(originSpans);
}

/** The value of a `traceresponse` header (W3C Trace Context level 2): the root span of the active request. */
export function traceResponse(): string | null {
  const span = activeRequest()?.root.spanContext();
  if (!span) return null;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

/** Whether the work was cancelled, as opposed to failed or timed out (`TimeoutError`). */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
