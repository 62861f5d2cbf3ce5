/** One invocation, from its start to what it leaves behind. No I/O. */
import type { Attributes } from "../../otlp/attributes.ts";
import type { OriginAccount } from "../contract.ts";
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
    this.#giveUpMs = giveUpAfterMs(event, Date.now());
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
    const fate = fateOf({ sampled, status, elapsedMs: durationMs, giveUpMs: this.#giveUpMs });
    this.#isHandedBack = !this.#isOver && fate === "hand-back";
    return this.#isHandedBack ? { usage, trace: handedBack(this.trace, resource(process.env)) } : { usage };
  }

  /** Ends it with its answer's status, or without an answer and the one word for why; to be called once. */
  conclude(status: number | undefined, failure?: string): Fate {
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
