/** One invocation's spans. No I/O. */
import { type Attributes, keyValues } from "../../formats/otlp/attributes.ts";
import type { SpanMessage } from "../../formats/otlp/messages.ts";
import { type PlainValue, plainAttributes } from "./plain.ts";

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

/** W3C trace context in. No I/O. https://www.w3.org/TR/trace-context-2/ */

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

/** As trace and span ids are written. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

/** An invocation's spans as OTLP has them. Pure. */

const KIND = { internal: 1, server: 2 } as const;
const STATUS = { unset: 0, error: 2 } as const;
/** Bits 8 and 9 of OTLP's span flags: whether the parent's side is known, and whether it is another process. */
const PARENT_SIDE_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

export function spanMessages({ origin, spans }: Trace): SpanMessage[] {
  return spans.map((span) => ({
    traceId: origin.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: origin.traceState,
    flags: Number(origin.sampled) | PARENT_SIDE_KNOWN | (isRemote(span.parentSpanId, origin) ? PARENT_IS_REMOTE : 0),
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: String(span.startUnixNano),
    endTimeUnixNano: String(span.endUnixNano),
    attributes: keyValues(span.attributes),
    status: { code: span.failed ? STATUS.error : STATUS.unset },
  }));
}

function isRemote(parentSpanId: string | undefined, origin: Trace["origin"]): boolean {
  return parentSpanId !== undefined && parentSpanId === origin.parentSpanId;
}
