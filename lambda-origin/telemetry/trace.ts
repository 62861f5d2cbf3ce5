/** One invocation's spans, and the trace that they belong to (W3C Trace Context). No I/O. */
import { type Attributes, keyValues } from "../../formats/otlp/attributes.ts";
import type { SpanMessage } from "../../formats/otlp/messages.ts";
import { type PlainValue, plainAttributes } from "../../formats/otlp/plain.ts";
import { SPAN_KIND, STATUS, spanMessage } from "../../formats/otlp/span-message.ts";
import { unixNano } from "../../formats/otlp/unix-nano.ts";

export interface Span {
  readonly spanId: string;
  /** Null where the span begins a trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: "internal" | "server";
  readonly startUnixNano: bigint;
  endUnixNano: bigint;
  readonly attributes: Record<string, PlainValue>;
  failed: boolean;
}

type SpanStart = Pick<Span, "name" | "kind" | "parentSpanId"> & { attributes: Attributes };

/** `Date.now()` truncates to 1 ms; another one allows for a clock that is being adjusted. */
const MAX_CLOCK_DIFFERENCE_MS = 2;

export class Trace {
  readonly parent: TraceParent;
  /** Parents before their children. */
  readonly spans: Span[] = [];
  readonly #startUnixNano = unixNano(wallClockUnixMs());
  readonly #startedAtMs = performance.now();

  constructor(parent: TraceParent) {
    this.parent = parent;
  }

  /** Begins a span. */
  start(span: SpanStart): Span {
    const now = this.nowUnixNano();
    return this.#add(span, now, now);
  }

  /** Adds a span that has ended already, and may have begun before the trace did. Times are in ms since 1970. */
  addEnded(span: SpanStart, startedAtUnixMs: number, endedAtUnixMs: number): Span {
    return this.#add(span, unixNano(startedAtUnixMs), unixNano(endedAtUnixMs));
  }

  end(span: Span): void {
    span.endUnixNano = this.nowUnixNano();
  }

  nowUnixNano(): bigint {
    return this.#startUnixNano + BigInt(Math.round((performance.now() - this.#startedAtMs) * 1e6));
  }

  #add(start: SpanStart, startUnixNano: bigint, endUnixNano: bigint): Span {
    const attributes = plainAttributes(start.attributes);
    const span: Span = { ...start, spanId: randomHex(8), startUnixNano, endUnixNano, attributes, failed: false };
    this.spans.push(span);
    return span;
  }
}

/** Adds attributes to a span. Values that are not plain are left out. */
export function setAttributes(span: Span, attributes: Attributes): void {
  Object.assign(span.attributes, plainAttributes(attributes));
}

/** Marks a span as failed with one word: a status or an error's class name, never a message, which could quote the text. */
export function markFailed(span: Span, type: string): void {
  span.failed = true;
  setAttributes(span, { "error.type": type });
}

/**
 * Read for each invocation: the process's clock, which INIT was timed with, may have stood still while Lambda froze it. Where the two
 * clocks agree, the process's is the finer one.
 */
function wallClockUnixMs(): number {
  const [wallMs, processMs] = [Date.now(), performance.timeOrigin + performance.now()];
  return Math.abs(processMs - wallMs) < MAX_CLOCK_DIFFERENCE_MS ? processMs : wallMs;
}

/** What an incoming `traceparent` states, or the beginning of a new trace. https://www.w3.org/TR/trace-context-2/ */
export interface TraceParent {
  readonly traceId: string;
  /** The caller's span; null where the invocation begins the trace. */
  readonly spanId: string | null;
  readonly sampled: boolean;
  readonly traceState: string | undefined;
}

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** W3C: at least this much of a `tracestate` must be passed on. Longer ones are dropped. */
const MAX_TRACESTATE_CHARACTERS = 512;

/** Continues the caller's trace. Without a valid `traceparent` it begins one, always sampled: the origin was called directly. */
export function parseTraceParent(traceparent: string | undefined, tracestate: string | undefined): TraceParent {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (
    traceId === undefined ||
    spanId === undefined ||
    flags === undefined ||
    (version === "00" && rest !== undefined)
  ) {
    return { traceId: randomHex(16), spanId: null, sampled: true, traceState: undefined };
  }
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const traceState =
    tracestate !== undefined && tracestate.length <= MAX_TRACESTATE_CHARACTERS ? tracestate : undefined;
  return { traceId, spanId, sampled, traceState };
}

/** A random trace or span id. */
function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

/** The spans of an invocation in OTLP's form. */
export function spanMessages({ parent, spans }: Trace): SpanMessage[] {
  return spans.map(({ parentSpanId, ...span }) =>
    spanMessage({
      traceId: parent.traceId,
      spanId: span.spanId,
      traceFlags: Number(parent.sampled),
      traceState: parent.traceState,
      parent: parentSpanId === null ? null : { spanId: parentSpanId, isRemote: parentSpanId === parent.spanId },
      name: span.name,
      kind: SPAN_KIND[span.kind],
      startUnixNano: span.startUnixNano,
      endUnixNano: span.endUnixNano,
      attributes: keyValues(span.attributes),
      statusCode: span.failed ? STATUS.error : STATUS.unset,
    }),
  );
}
