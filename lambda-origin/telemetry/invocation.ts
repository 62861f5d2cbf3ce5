/** One invocation, from its start to what it leaves behind. No I/O. */

import { type OriginAccount, type OriginSpan, type OriginTrace, TIMEOUT_HEADER } from "../../formats/origin-wire.ts";
import type { Attributes } from "../../formats/otlp/attributes.ts";
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
import { type PlainValue, plainAttributes } from "./plain.ts";
import { markFailed, type Span, setAttributes, Trace, traceOrigin } from "./trace.ts";

/** Of the instance, when it is called. */
export type InstanceState = {
  /** Undefined where it has been called before. */
  readonly init: Init | undefined;
  readonly dropped: { readonly spans: number; readonly logs: number };
};

export class Invocation {
  readonly trace: Trace;
  readonly server: Span;
  /** Facts of the whole request, on its SERVER span and on its log record. */
  readonly facts: Record<string, PlainValue> = {};
  readonly #giveUpMs: number;
  readonly #initMs: number;
  /** The answer's whose making was accounted for. */
  #accountedStatus: number | undefined;
  #isHandedBack = false;
  #isOver = false;

  constructor(event: HttpEvent, context: LambdaContext, { init, dropped }: InstanceState) {
    this.trace = new Trace(traceOrigin(header(event, "traceparent"), header(event, "tracestate")));
    this.server = this.trace.start(serverName(event), "server", this.trace.origin.parentSpanId, {
      ...serverAttributes(event, context),
      "faas.init_duration": init && initMs(init) / 1000,
      "spillway.telemetry.dropped_spans": dropped.spans || undefined,
      "spillway.telemetry.dropped_logs": dropped.logs || undefined,
    });
    this.record({ "faas.coldstart": init !== undefined, "faas.invocation_id": context.awsRequestId });
    if (init) initSpans(this.trace, this.server, init);
    this.#initMs = init === undefined ? 0 : initMs(init);
    this.#giveUpMs = flushBudgetMs(event, Date.now());
  }

  record(facts: Attributes): void {
    Object.assign(this.facts, plainAttributes(facts));
    setAttributes(this.server, facts);
  }

  /**
   * What an answer says of its own making, refusals too. To be asked last: the SERVER span ends with it, and where the gateway is
   * to have the spans, it gets them as they are now, and the function sends none. An answer after the last call has no spans to
   * give: they are sent.
   */
  account(status: number): OriginAccount {
    if (!this.#isOver) this.#end(status);
    const durationMs = this.#elapsedMs(this.#isOver ? this.trace.nowUnixNano() : this.server.endUnixNano);
    const usage = { durationMs, initMs: this.#initMs, memoryMiB: memoryMiB(process.env) };
    this.#accountedStatus = status;
    const { sampled } = this.trace.origin;
    const fate = endOf({ sampled, status, elapsedMs: durationMs, giveUpMs: this.#giveUpMs });
    this.#isHandedBack = !this.#isOver && fate === "hand-back";
    return this.#isHandedBack ? { usage, trace: spansForCaller(this.trace, resource(process.env)) } : { usage };
  }

  /** Ends it with its answer's status, or without an answer and the one word for why; to be called once. */
  conclude(status: number | undefined, failure?: string): InvocationEnd {
    this.#isOver = true;
    // An answer that has said how long it took is not made to have taken longer: its cost and its span are of one time.
    if (status === undefined || status !== this.#accountedStatus) this.#end(status);
    if (hasFailed(status)) markFailed(this.server, failure ?? String(this.facts["error.type"] ?? status));
    // What was handed over stays so, however late the answer leaves; only where that failed after all it was in vain.
    return this.#isHandedBack && !hasFailed(status) ? "hand-back" : "export";
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

/** Who sends an invocation's spans. Pure: no I/O, no clock. */

/** `export`: the function itself. `hand-back`: the gateway gets them in the answer. */
export type InvocationEnd = "export" | "hand-back";

export type Ending = {
  sampled: boolean;
  /** Undefined where there is no answer: a throw, or Lambda's timeout. */
  status: number | undefined;
  /** Since the function was called. */
  elapsedMs: number;
  /** When the gateway gives up; infinite where it has not said. */
  giveUpMs: number;
};

/**
 * The gateway keeps an unsampled trace that turns out an error, refused or late, and only an answer in time can hand it this part of it:
 * what cannot be handed over is exported on the spot. So is a failure: the gateway does not wait for what else a 5xx has to say.
 */
export function endOf({ sampled, status, elapsedMs, giveUpMs }: Ending): InvocationEnd {
  return sampled || hasFailed(status) || elapsedMs > giveUpMs ? "export" : "hand-back";
}

export function hasFailed(status: number | undefined): boolean {
  return status === undefined || status >= 500;
}

/** When the gateway gives up on an invocation. Pure: no I/O, no clock. */

/** Lambda runs nothing for longer: a request that is said to be older than that is a clock that is wrong. */
const LONGEST_WAIT_MS = 900_000;

/** Ms from `nowUnixMs` until the gateway has gone, negative when it has; infinite where it has not said. */
export function flushBudgetMs(event: HttpEvent, nowUnixMs: number): number {
  const timeoutMs = Number(header(event, TIMEOUT_HEADER) || Number.NaN);
  if (!(timeoutMs >= 0)) return Number.POSITIVE_INFINITY;
  return timeoutMs - waitedMs(event, nowUnixMs);
}

/** The gateway's clock runs while the request waits for an instance's INIT, before the handler is called. */
function waitedMs(event: HttpEvent, nowUnixMs: number): number {
  const receivedAtUnixMs = member(event.requestContext, "timeEpoch");
  const waitedMs = typeof receivedAtUnixMs === "number" ? nowUnixMs - receivedAtUnixMs : 0;
  return waitedMs >= 0 && waitedMs <= LONGEST_WAIT_MS ? waitedMs : 0;
}

/** The spans of a trace that is not sampled, as the answer carries them to the gateway. Pure. */

/** The contract takes no more. Parents come first, so none is missing of those that are there. */
const MOST_SPANS = 64;

export function spansForCaller({ spans }: Trace, resource: Attributes): OriginTrace {
  return { resource: plainAttributes(resource), spans: spans.slice(0, MOST_SPANS).flatMap(originSpan) };
}

/** A span without a parent began a trace of its own, which the gateway knows nothing of. */
function originSpan(span: Span): OriginSpan[] {
  const { spanId, parentSpanId, name, kind, attributes } = span;
  if (parentSpanId === undefined) return [];
  const startUnixNano = String(span.startUnixNano);
  const endUnixNano = String(span.endUnixNano);
  return [{ spanId, parentSpanId, name, kind, startUnixNano, endUnixNano, attributes: { ...attributes } }];
}

/** INIT in the trace of the invocation that it made wait. No I/O. */

/**
 * `init` below the SERVER span, though it began before that: what a cold start cost is looked for there. Its parts lie below it.
 * It is an error where it left no model.
 */
export function initSpans(trace: Trace, server: Span, init: Init): Span {
  const { startedAtUnixMs, endedAtUnixMs, model, problem } = init;
  const span = trace.past("init", server, startedAtUnixMs, endedAtUnixMs, { "spillway.model": model });
  for (const part of init.parts) {
    const child = trace.past(part.name, span, part.startedAtUnixMs, part.endedAtUnixMs, {});
    if (part.failed) markFailed(child, "model-unavailable");
  }
  if (problem !== undefined) markFailed(span, "model-unavailable");
  return span;
}
