/**
 * The spans of one request. They belong to the request and not to a trace id, which two concurrent requests may share when
 * their callers send the same `traceparent`; and they die with the request, so nothing is left to grow.
 */
import { type Span, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { Outcome } from "../outcome.ts";
import { countDropped } from "./export.ts";
import type { FinishedSpan } from "./span-message.ts";

/** 64 inputs make some 400 spans; more than this is a mistake that must not fill the isolate. */
const MOST_SPANS = 1_024;

export class TraceBuffer {
  /** What the request leaves, as far as is known. */
  outcome: Outcome | undefined;
  readonly #send: (spans: readonly FinishedSpan[]) => void;
  #root: Span | undefined;
  #rootEnded = false;
  #kept = false;
  #open = 0;
  #taken = 0;
  #finished: FinishedSpan[] = [];

  /** `send` is called when the root ends, and again whenever the last span still open ends after it (background work). */
  constructor(send: (spans: readonly FinishedSpan[]) => void) {
    this.#send = send;
  }

  /** The request's SERVER span. */
  get root(): Span | undefined {
    return this.#root;
  }

  /** False when the span is one too many and will not be kept. The first span is the root. */
  start(span: Span): boolean {
    if (this.#taken >= MOST_SPANS) {
      countDropped("traces", 1);
      return false;
    }
    this.#root ??= span;
    this.#taken += 1;
    this.#open += 1;
    return true;
  }

  end(span: Span & FinishedSpan): void {
    this.#open -= 1;
    this.#finished.push(span);
    if (span === this.#root) {
      this.#rootEnded = true;
      this.#kept = isWorthKeeping(span);
      this.#flush();
    } else if (this.#rootEnded && this.#open === 0) {
      this.#flush();
    }
  }

  #flush(): void {
    const spans = this.#finished;
    this.#finished = [];
    if (this.#kept && spans.length > 0) this.#send(spans);
  }
}

/** Head sampling, and every error besides: what went wrong must not depend on a coin. */
function isWorthKeeping(root: FinishedSpan): boolean {
  return (root.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0 || root.status.code === SpanStatusCode.ERROR;
}
