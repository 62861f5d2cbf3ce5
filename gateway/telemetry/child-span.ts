/**
 * A span below a request's root. The library's checks and copies attributes three times and asks the sampler, whose answer is the root's;
 * attributes are checked once, when they are exported. docs/decisions/051-overhead-of-the-origin-route.md
 */
import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from "@opentelemetry/api";
import type { FinishedSpan } from "./span-message.ts";
import type { TraceBuffer } from "./trace-buffer.ts";

export interface ChildSpanParts {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  parent: SpanContext;
  /** Of the request. */
  buffer: TraceBuffer;
}

export class ChildSpan implements Span, FinishedSpan {
  name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly parentSpanContext: SpanContext;
  readonly startTime = now();
  endTime: HrTime = this.startTime;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  readonly events: { name: string; time: HrTime }[] = [];
  readonly links: Link[] = [];
  #hasEnded = false;
  readonly #context: SpanContext;
  /** Null if it has no room for the span. */
  readonly #buffer: TraceBuffer | null;

  constructor({ name, kind, attributes, parent, buffer }: ChildSpanParts) {
    this.name = name;
    this.kind = kind;
    this.attributes = { ...attributes };
    this.parentSpanContext = parent;
    this.#context = { ...parent, spanId: newSpanId() };
    this.#buffer = buffer.start(this) ? buffer : null;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttribute(key: string, value: AttributeValue): this {
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  addEvent(name: string): this {
    this.events.push({ name, time: now() });
    return this;
  }

  addLink(link: Link): this {
    this.links.push(link);
    return this;
  }

  addLinks(links: Link[]): this {
    this.links.push(...links);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }

  updateName(name: string): this {
    this.name = name;
    return this;
  }

  isRecording(): boolean {
    return !this.#hasEnded;
  }

  /** A message could quote a text, so only that there was an exception is recorded. */
  recordException(): void {
    this.addEvent("exception");
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.endTime = now();
    this.#buffer?.end(this);
  }
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.trunc(ms / 1000), (ms % 1000) * 1e6];
}

/** 16 hex digits. */
function newSpanId(): string {
  return `${eightHexDigits()}${eightHexDigits()}`;
}

function eightHexDigits(): string {
  return Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
}
