/** One invocation's trace: W3C context in, spans out. No I/O. https://www.w3.org/TR/trace-context-2/ */
import type { Attributes, AttributeValue } from "../../otlp/attributes.ts";

export type Span = {
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "server";
  readonly startUnixNano: bigint;
  endUnixNano: bigint;
  readonly attributes: Record<string, AttributeValue>;
  failed: boolean;
};

/** What an incoming `traceparent` says, or a new trace's beginning. */
export type TraceOrigin = {
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly sampled: boolean;
  readonly traceState: string | undefined;
};

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** W3C: at least this much of a `tracestate` must be passed on; more is nobody's tracing. */
const LONGEST_TRACESTATE = 512;

/** Continues the caller's trace, or begins one (always sampled: somebody called the origin directly). */
export function traceOrigin(traceparent: string | undefined, tracestate: string | undefined): TraceOrigin {
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || flags === undefined || (version === "00" && rest !== undefined)) {
    return { traceId: randomHex(16), parentSpanId: undefined, sampled: true, traceState: undefined };
  }
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const traceState = tracestate !== undefined && tracestate.length <= LONGEST_TRACESTATE ? tracestate : undefined;
  return { traceId, parentSpanId, sampled, traceState };
}

export class Trace {
  readonly origin: TraceOrigin;
  readonly spans: Span[] = [];
  // Anchored anew for each invocation: the monotonic clock may stand still while Lambda has the process frozen.
  readonly #startUnixNano = BigInt(Date.now()) * 1_000_000n;
  readonly #startedAtMs = performance.now();

  constructor(origin: TraceOrigin) {
    this.origin = origin;
  }

  start(name: string, kind: Span["kind"], parentSpanId: string | undefined, attributes: Attributes): Span {
    const now = this.#nowUnixNano();
    const span: Span = {
      spanId: randomHex(8),
      parentSpanId,
      name,
      kind,
      startUnixNano: now,
      endUnixNano: now,
      attributes: {},
      failed: false,
    };
    setAttributes(span, attributes);
    this.spans.push(span);
    return span;
  }

  end(span: Span): void {
    span.endUnixNano = this.#nowUnixNano();
  }

  #nowUnixNano(): bigint {
    return this.#startUnixNano + BigInt(Math.round((performance.now() - this.#startedAtMs) * 1e6));
  }
}

export function setAttributes(span: Span, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) span.attributes[key] = value;
}

/** Marks a span as failed by one word: a status or an error's class name, never a message that could quote the text. */
export function markFailed(span: Span, type: string): void {
  span.failed = true;
  span.attributes["error.type"] = type;
}

export function errorType(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : "_OTHER";
}

function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
