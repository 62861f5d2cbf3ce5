/**
 * The spans of one request. They belong to the request and not to a trace id, which two concurrent requests may share when their
 * callers send the same `traceparent`. They are released with the request, so memory does not grow over requests.
 */
import { type Span, TraceFlags } from "@opentelemetry/api";
import type { OriginSpans } from "./origin-trace.ts";
import {
  type ExportReason,
  endingOf,
  keepReasons,
  type Sampling,
  type Standing,
  unboundedReasons,
} from "./sampling.ts";
import type { FinishedSpan } from "./span-message.ts";

/** 64 inputs make some 400 spans. More than this is a mistake, which must not fill the isolate. */
const MAX_SPANS = 1_024;

export interface TraceBufferParts {
  /** By the policy that is known when the request comes in. */
  sampling: Sampling;
  /** Called when the root ends, and again whenever the last open span ends after it (background work). */
  send(spans: readonly FinishedSpan[], originSpans: readonly OriginSpans[]): void;
  /** Called with the number of spans that are over the bound. */
  countDropped(spans: number): void;
  /** Whether a trace may be exported that only its caller's choice keeps. Counts it. */
  acceptStrangers(): boolean;
}

/** Set on the root by the sampler where only the caller's `traceparent` asks for the trace. Not exported. */
export const SAMPLED_BY_CALLER = "sampled-by-caller";

export class TraceBuffer {
  readonly #parts: TraceBufferParts;
  #sampling: Sampling;
  #standing: Standing = "unknown";
  #root: Span | undefined;
  #hasRootEnded = false;
  #isKept = false;
  #openSpans = 0;
  /** All spans that were accepted: open, finished, sent, and the origin's. */
  #spans = 0;
  #finished: FinishedSpan[] = [];
  #originSpans: OriginSpans[] = [];

  constructor(parts: TraceBufferParts) {
    this.#parts = parts;
    this.#sampling = parts.sampling;
  }

  /** Decides by another policy's rules whether the trace is kept: those of the policy that the request is answered by. */
  setSampling(sampling: Sampling): void {
    this.#sampling = sampling;
  }

  setStanding(standing: Standing): void {
    this.#standing = standing;
  }

  /** A caller without a key may write anything into its `tracestate`: it is neither exported nor passed on. */
  get hasTrustedState(): boolean {
    return this.#standing === "key-holder";
  }

  /** Accepts a span that begins; the first one is the root. False where the buffer is full: the span is dropped and counted. */
  start(span: Span): boolean {
    if (!this.#hasRoomFor(1)) return false;
    this.#root ??= span;
    this.#openSpans += 1;
    return true;
  }

  /** To be called once for each span that was accepted. */
  end(span: Span & FinishedSpan): void {
    this.#openSpans -= 1;
    this.#finished.push(span);
    if (span === this.#root) {
      this.#hasRootEnded = true;
      this.#isKept = this.#isWorthKeeping(span);
      this.#flush();
    } else if (this.#hasRootEnded && this.#openSpans === 0) {
      this.#flush();
    }
  }

  /** Adds spans that an origin returned with its answer. They are sent or dropped with the request's own. */
  addOriginSpans(originSpans: OriginSpans): void {
    if (this.#hasRoomFor(originSpans.spans.length)) this.#originSpans.push(originSpans);
  }

  /** Counts spans of the request that were dropped before they came to the buffer. */
  countDropped(spans: number): void {
    this.#parts.countDropped(spans);
  }

  #hasRoomFor(spans: number): boolean {
    if (this.#spans + spans > MAX_SPANS) {
      this.countDropped(spans);
      return false;
    }
    this.#spans += spans;
    return true;
  }

  /** By the ratio, or by how the request ended: whether a failure can be looked up must not depend on chance. */
  #isWorthKeeping(root: Span & FinishedSpan): boolean {
    const isSampled = (root.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
    const byCaller = root.attributes[SAMPLED_BY_CALLER] === true;
    if (isSampled && !byCaller) return true;
    const reasons: ExportReason[] = [
      ...(isSampled ? (["caller"] as const) : []),
      ...keepReasons(endingOf(root, this.#finished), this.#sampling),
    ];
    if (reasons.length === 0) return false;
    if (unboundedReasons(reasons, this.#standing).length === 0 && !this.#parts.acceptStrangers()) return false;
    // A backend that counts by traces has to know which ones were not chosen by the ratio.
    root.setAttribute("spillway.sampling.kept", reasons.join(", "));
    return true;
  }

  #flush(): void {
    const [spans, originSpans] = [this.#finished, this.#originSpans];
    [this.#finished, this.#originSpans] = [[], []];
    if (this.#isKept && spans.length > 0) this.#parts.send(spans, originSpans);
  }
}
