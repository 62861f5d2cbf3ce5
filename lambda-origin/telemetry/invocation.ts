/** One invocation: its spans, its facts, what it cost, and who exports its spans. No I/O. */
import { type OriginAccount, type OriginSpan, type OriginTrace, TIMEOUT_HEADER } from "../../formats/origin-wire.ts";
import type { Attributes } from "../../formats/otlp/attributes.ts";
import { type PlainValue, plainAttributes } from "../../formats/otlp/plain.ts";
import type { Dropped } from "./exporter.ts";
import { type Init, initMs } from "./init-clock.ts";
import {
  type HttpEvent,
  header,
  type LambdaContext,
  member,
  memoryMiB,
  resource,
  serverAttributes,
  serverName,
} from "./lambda-attributes.ts";
import { markFailed, parseTraceParent, type Span, setAttributes, Trace } from "./trace.ts";

/** The state of the instance when it is invoked. */
export interface InstanceState {
  /** Null where the instance was invoked before. */
  readonly init: Init | null;
  readonly dropped: Dropped;
}

export class Invocation {
  readonly trace: Trace;
  readonly server: Span;
  /** Facts of the whole request, on its SERVER span and in its log record. */
  readonly facts: Record<string, PlainValue> = {};
  readonly #callerTimeoutMs: number;
  readonly #initMs: number;
  /** The status of the answer that `account` was called for. */
  #accountedStatus: number | undefined;
  #isReturned = false;
  #isOver = false;

  constructor(event: HttpEvent, context: LambdaContext, { init, dropped }: InstanceState) {
    this.trace = new Trace(parseTraceParent(header(event, "traceparent"), header(event, "tracestate")));
    this.server = this.trace.start({
      name: serverName(event),
      kind: "server",
      parentSpanId: this.trace.parent.spanId,
      attributes: {
        ...serverAttributes(event, context),
        "faas.init_duration": init === null ? undefined : initMs(init) / 1000,
        "spillway.telemetry.dropped_spans": dropped.spans || undefined,
        "spillway.telemetry.dropped_logs": dropped.logs || undefined,
      },
    });
    this.record({ "faas.coldstart": init !== null, "faas.invocation_id": context.awsRequestId });
    if (init !== null) addInitSpans(this.trace, this.server, init);
    this.#initMs = init === null ? 0 : initMs(init);
    this.#callerTimeoutMs = callerTimeoutMs(event, Date.now());
  }

  /** Adds facts. Values that are not plain are left out. */
  record(facts: Attributes): void {
    Object.assign(this.facts, plainAttributes(facts));
    setAttributes(this.server, facts);
  }

  /**
   * What an answer or a refusal reports about its making. To be called last: the SERVER span ends with it, and where the gateway exports
   * the spans, it gets them as they are now. An answer after `conclude` returns no spans: they were exported.
   */
  account(status: number): OriginAccount {
    if (!this.#isOver) this.#end(status);
    const durationMs = this.#elapsedMs(this.#isOver ? this.trace.nowUnixNano() : this.server.endUnixNano);
    const usage = { durationMs, initMs: this.#initMs, memoryMiB: memoryMiB(process.env) };
    this.#accountedStatus = status;
    const { sampled } = this.trace.parent;
    const delivery = deliveryOf({ sampled, status, elapsedMs: durationMs, callerTimeoutMs: this.#callerTimeoutMs });
    this.#isReturned = !this.#isOver && delivery === "return";
    return this.#isReturned ? { usage, trace: returnedTrace(this.trace, resource(process.env)) } : { usage };
  }

  /**
   * Ends the invocation, with the status of its answer or, where there is none, with one word for why. To be called once. Returns who
   * exports the spans.
   */
  conclude(status: number | undefined, failure?: string): SpanDelivery {
    this.#isOver = true;
    // An answer that has said how long it took keeps that time: its cost and its span are of one duration.
    if (status === undefined || status !== this.#accountedStatus) this.#end(status);
    if (hasFailed(status)) markFailed(this.server, failure ?? String(this.facts["error.type"] ?? status));
    // Spans that were returned stay so, however late the answer leaves, unless that answer failed after all.
    return this.#isReturned && !hasFailed(status) ? "return" : "export";
  }

  #end(status: number | undefined): void {
    this.trace.end(this.server);
    const durationMs = this.#elapsedMs(this.server.endUnixNano);
    this.record({ "http.response.status_code": status, "spillway.origin.duration_ms": durationMs });
  }

  #elapsedMs(untilUnixNano: bigint): number {
    return Number(untilUnixNano - this.server.startUnixNano) / 1e6;
  }
}

/** `export`: the function exports the spans. `return`: the gateway gets them in the answer, and exports or drops them. */
export type SpanDelivery = "export" | "return";

/** How an invocation ended. */
export interface Ending {
  sampled: boolean;
  /** Undefined where there is no answer: the handler threw, or Lambda's timeout is near. */
  status: number | undefined;
  /** Since the function was invoked. */
  elapsedMs: number;
  /** When the gateway stops waiting, since the function was invoked; infinite where it has not said. */
  callerTimeoutMs: number;
}

/**
 * Who exports an invocation's spans. The gateway may keep an unsampled trace after the fact, so its spans are returned with an answer
 * that is in time. Where none is, they are exported, and so they are for a 5xx, whose body the gateway does not read. Pure.
 */
export function deliveryOf({ sampled, status, elapsedMs, callerTimeoutMs }: Ending): SpanDelivery {
  return sampled || hasFailed(status) || elapsedMs > callerTimeoutMs ? "export" : "return";
}

function hasFailed(status: number | undefined): boolean {
  return status === undefined || status >= 500;
}

/** Lambda's own limit. A request that seems to have waited longer comes from a clock that is wrong. */
const MAX_WAITED_MS = 900_000;

/** Ms from `nowUnixMs` until the gateway stops waiting: negative when it has stopped, infinite where it has not said. Pure. */
export function callerTimeoutMs(event: HttpEvent, nowUnixMs: number): number {
  const timeoutMs = Number(header(event, TIMEOUT_HEADER) || Number.NaN);
  if (!(timeoutMs >= 0)) return Number.POSITIVE_INFINITY;
  return timeoutMs - waitedMs(event, nowUnixMs);
}

/** How long the request waited before the handler was called, as for an instance's INIT. */
function waitedMs(event: HttpEvent, nowUnixMs: number): number {
  const receivedAtUnixMs = member(event.requestContext, "timeEpoch");
  const waitedMs = typeof receivedAtUnixMs === "number" ? nowUnixMs - receivedAtUnixMs : 0;
  return waitedMs >= 0 && waitedMs <= MAX_WAITED_MS ? waitedMs : 0;
}

/** The wire accepts no more. Parents come first, so the ones that are cut off are not parents of the others. */
const MAX_RETURNED_SPANS = 64;

function returnedTrace({ spans }: Trace, resource: Attributes): OriginTrace {
  return { resource: plainAttributes(resource), spans: spans.slice(0, MAX_RETURNED_SPANS).flatMap(originSpan) };
}

/** A span without a parent began a trace that the gateway does not know, and is left out. */
function originSpan({ spanId, parentSpanId, name, kind, attributes, ...times }: Span): OriginSpan[] {
  if (parentSpanId === null) return [];
  const [startUnixNano, endUnixNano] = [String(times.startUnixNano), String(times.endUnixNano)];
  return [{ spanId, parentSpanId, name, kind, startUnixNano, endUnixNano, attributes: { ...attributes } }];
}

/**
 * Adds `init`, with its parts, below the SERVER span, though it began before that: a reader looks for
 * the cost of a cold start in that place. It is an error where no model was loaded.
 */
function addInitSpans(trace: Trace, server: Span, init: Init): void {
  const { startedAtUnixMs, endedAtUnixMs, model, problem } = init;
  const add = (name: string, parent: Span, attributes: Attributes, from: number, to: number) =>
    trace.addEnded({ name, kind: "internal", parentSpanId: parent.spanId, attributes }, from, to);
  const span = add("init", server, { "spillway.model": model }, startedAtUnixMs, endedAtUnixMs);
  for (const part of init.parts) {
    const child = add(part.name, span, {}, part.startedAtUnixMs, part.endedAtUnixMs);
    if (part.failed) markFailed(child, "model-unavailable");
  }
  if (problem !== undefined) markFailed(span, "model-unavailable");
}
