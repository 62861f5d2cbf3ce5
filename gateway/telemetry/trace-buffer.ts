/**
 * The spans of one request. They belong to the request and not to a trace id, which two concurrent requests may share when
 * their callers send the same `traceparent`; and they die with the request, so nothing is left to grow.
 */

import type { TraceFlushableSpanProcessor } from "@microlabs/otel-cf-workers";
import { type Context, createContextKey, type Span, TraceFlags } from "@opentelemetry/api";
import type { Outcome } from "../record/outcome.ts";
import { countDropped } from "./exporter.ts";
import type { OriginSpans } from "./origin-trace.ts";
import { endingOf, keepReasons, type Sampling } from "./sampling.ts";
import type { FinishedSpan } from "./span-message.ts";

/** 64 inputs make some 400 spans; more than this is a mistake that must not fill the isolate. */
const MOST_SPANS = 1_024;

type Send = (spans: readonly FinishedSpan[], handed: readonly OriginSpans[]) => void;

export class TraceBuffer {
  /** What the request leaves, as far as is known. */
  outcome: Outcome | undefined;
  readonly #send: Send;
  #sampling: Sampling;
  #root: Span | undefined;
  #rootEnded = false;
  #kept = false;
  #open = 0;
  #taken = 0;
  #finished: FinishedSpan[] = [];
  #handed: OriginSpans[] = [];

  /** `send` is called when the root ends, and again whenever the last span still open ends after it (background work). */
  constructor(send: Send, sampling: Sampling) {
    this.#send = send;
    this.#sampling = sampling;
  }

  /** The request's SERVER span. */
  get root(): Span | undefined {
    return this.#root;
  }

  /** What is kept is for the policy that this request was answered by. */
  obey(sampling: Sampling): void {
    this.#sampling = sampling;
  }

  /** False when the span is one too many and will not be kept. The first span is the root. */
  start(span: Span): boolean {
    if (!this.#hasRoomFor(1)) return false;
    this.#root ??= span;
    this.#open += 1;
    return true;
  }

  end(span: Span & FinishedSpan): void {
    this.#open -= 1;
    this.#finished.push(span);
    if (span === this.#root) {
      this.#rootEnded = true;
      this.#kept = this.#isWorthKeeping(span);
      this.#flush();
    } else if (this.#rootEnded && this.#open === 0) {
      this.#flush();
    }
  }

  /** Takes what an origin has handed back; it goes the way of the span that it answers. */
  hold(handed: OriginSpans): void {
    if (this.#hasRoomFor(handed.spans.length)) this.#handed.push(handed);
  }

  #hasRoomFor(spans: number): boolean {
    if (this.#taken + spans > MOST_SPANS) {
      countDropped("traces", spans);
      return false;
    }
    this.#taken += spans;
    return true;
  }

  /** By the head's decision, or by how it went: what went wrong must not depend on a coin. */
  #isWorthKeeping(root: Span & FinishedSpan): boolean {
    if ((root.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) return true;
    const reasons = keepReasons(endingOf(root, this.#finished), this.#sampling);
    // Whoever counts by traces has to know which ones no ratio has chosen.
    if (reasons.length > 0) root.setAttribute("spillway.sampling.kept", reasons.join(", "));
    return reasons.length > 0;
  }

  #flush(): void {
    const [spans, handed] = [this.#finished, this.#handed];
    [this.#finished, this.#handed] = [[], []];
    if (this.#kept && spans.length > 0) this.#send(spans, handed);
  }
}

/**
 * Sorts spans into the buffer of the request that they belong to. The one of otel-cf-workers keeps a map by trace id that it
 * never empties; this one holds nothing but weak references.
 */

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
