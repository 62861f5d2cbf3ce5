/** One invocation's spans. No I/O. */
import type { Attributes } from "../../otlp/attributes.ts";
import { type PlainValue, plainAttributes } from "./plain.ts";
import { randomHex } from "./random-hex.ts";
import type { TraceOrigin } from "./traceparent.ts";

export type Span = {
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: "internal" | "server";
  readonly startUnixNano: bigint;
  endUnixNano: bigint;
  readonly attributes: Record<string, PlainValue>;
  failed: boolean;
};

/** `Date.now()` cuts off what is less than a ms; as much again for clocks that are being adjusted. */
const FINEST_WALL_MS = 2;

export class Trace {
  readonly origin: TraceOrigin;
  /** Parents before their children. */
  readonly spans: Span[] = [];
  readonly #startUnixNano = unixNano(wallClockUnixMs());
  readonly #startedAtMs = performance.now();

  constructor(origin: TraceOrigin) {
    this.origin = origin;
  }

  start(name: string, kind: Span["kind"], parentSpanId: string | undefined, attributes: Attributes): Span {
    const now = this.nowUnixNano();
    return this.#add(name, kind, parentSpanId, attributes, now, now);
  }

  /** A span of what is over already, and may have begun before the trace did. */
  past(name: string, parent: Span, startedAtUnixMs: number, endedAtUnixMs: number, attributes: Attributes): Span {
    const [from, to] = [unixNano(startedAtUnixMs), unixNano(endedAtUnixMs)];
    return this.#add(name, "internal", parent.spanId, attributes, from, to);
  }

  end(span: Span): void {
    span.endUnixNano = this.nowUnixNano();
  }

  nowUnixNano(): bigint {
    return this.#startUnixNano + BigInt(Math.round((performance.now() - this.#startedAtMs) * 1e6));
  }

  #add(
    name: string,
    kind: Span["kind"],
    parentSpanId: string | undefined,
    attributes: Attributes,
    startUnixNano: bigint,
    endUnixNano: bigint,
  ): Span {
    const span: Span = {
      spanId: randomHex(8),
      parentSpanId,
      name,
      kind,
      startUnixNano,
      endUnixNano,
      attributes: plainAttributes(attributes),
      failed: false,
    };
    this.spans.push(span);
    return span;
  }
}

export function setAttributes(span: Span, attributes: Attributes): void {
  Object.assign(span.attributes, plainAttributes(attributes));
}

/** Marks a span as failed by one word: a status or an error's class name, never a message that could quote the text. */
export function markFailed(span: Span, type: string): void {
  span.failed = true;
  setAttributes(span, { "error.type": type });
}

export function errorType(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : "_OTHER";
}

/**
 * Read anew for each invocation: the process's own clock, which INIT was timed with, may stand still while Lambda has it frozen.
 * Where the two agree it is the finer one.
 */
function wallClockUnixMs(): number {
  const [wallMs, ownMs] = [Date.now(), performance.timeOrigin + performance.now()];
  return Math.abs(ownMs - wallMs) < FINEST_WALL_MS ? ownMs : wallMs;
}

/** In microseconds on the way: nanoseconds since 1970 are more than a number holds exactly. */
function unixNano(unixMs: number): bigint {
  return BigInt(Math.round(unixMs * 1e3)) * 1000n;
}
