/** One invocation, from its start to what it leaves behind. No I/O. */
import type { Attributes } from "../../otlp/attributes.ts";
import type { OriginAnswer, OriginUsage } from "../contract.ts";
import { type Fate, fateOf, hasFailed } from "./fate.ts";
import { giveUpAfterMs } from "./give-up.ts";
import { handedBack } from "./handed-back.ts";
import { type Init, initMs } from "./init-clock.ts";
import { initSpans } from "./init-spans.ts";
import {
  type HttpEvent,
  header,
  type LambdaContext,
  resource,
  serverAttributes,
  serverName,
} from "./lambda-attributes.ts";
import { memoryMiB } from "./memory-size.ts";
import { type PlainValue, plainAttributes } from "./plain.ts";
import { markFailed, type Span, setAttributes, Trace } from "./trace.ts";
import { traceOrigin } from "./traceparent.ts";

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
  readonly #startedAtMs = performance.now();
  readonly #giveUpMs: number;
  readonly #initMs: number;
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
    this.#giveUpMs = giveUpAfterMs(event, Date.now());
  }

  record(facts: Attributes): void {
    Object.assign(this.facts, plainAttributes(facts));
    setAttributes(this.server, facts);
  }

  /**
   * What a 200 answer says of its own making. To be asked last: where the gateway is to have the spans, it gets them as they
   * are now, and the function sends none. An answer after the last call has no spans to give: they are sent.
   */
  account(): Pick<OriginAnswer, "usage" | "trace"> {
    const durationMs = this.#end(200);
    const usage: OriginUsage = { durationMs, initMs: this.#initMs, memoryMiB: memoryMiB(process.env) };
    if (this.#isOver || this.#fate(200, durationMs) !== "hand-back") return { usage };
    this.#isHandedBack = true;
    return { usage, trace: handedBack(this.trace, resource(process.env)) };
  }

  /** Ends it with its answer's status, or without an answer and the one word for why; to be called once. */
  conclude(status: number | undefined, failure?: string): Fate {
    this.#isOver = true;
    const durationMs = this.#end(status);
    if (hasFailed(status)) markFailed(this.server, failure ?? String(this.facts["error.type"] ?? status));
    // What was handed over stays so, however late the answer leaves; only without an answer it was in vain.
    if (this.#isHandedBack && !hasFailed(status)) return "hand-back";
    return this.#fate(status, durationMs);
  }

  #end(status: number | undefined): number {
    const durationMs = performance.now() - this.#startedAtMs;
    this.record({ "http.response.status_code": status, "spillway.origin.duration_ms": durationMs });
    this.trace.end(this.server);
    return durationMs;
  }

  #fate(status: number | undefined, elapsedMs: number): Fate {
    return fateOf({ sampled: this.trace.origin.sampled, status, elapsedMs, giveUpMs: this.#giveUpMs });
  }
}
