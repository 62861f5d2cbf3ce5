/**
 * Finished traces of one isolate, sent together: a POST for each would take more time of the thread than the request that it is about.
 * Spans become messages as they are sent, after the answer. Why: docs/decisions/008-tracing-on-otel-cf-workers.md
 */
import type { KeyValue } from "../../formats/otlp/attributes.ts";
import { type Requests, type SpanMessage, tracesRequest } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import type { ExportContext } from "./batch.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import type { OriginSpans } from "./origin-trace.ts";

/** A trace is sent this long after it has ended, with those that end meanwhile. */
export const SEND_TRACES_AFTER_MS = 250;
/** Waiting spans take about 1 kB each. Traces over the bound are dropped and counted. */
const MAX_SPANS = 4_096;
/** Of one POST, unless one trace has more: encoding it blocks the thread. */
const MAX_SPANS_PER_EXPORT = 512;

export interface FinishedTrace {
  /** The number of spans, the origins' included. */
  spans: number;
  /** The gateway's spans. */
  messages(): SpanMessage[];
  originSpans: readonly OriginSpans[];
}

export interface TraceQueueParts {
  clock: TelemetryClock;
  exporter: Exporter;
  /** The attributes of the isolate. */
  resource: KeyValue[];
}

export class TraceQueue {
  #waiting: FinishedTrace[] = [];
  #spans = 0;
  readonly #parts: TraceQueueParts;
  readonly #schedule: FlushSchedule<ExportContext>;

  constructor(parts: TraceQueueParts) {
    this.#parts = parts;
    this.#schedule = new FlushSchedule({
      clock: parts.clock,
      afterMs: () => SEND_TRACES_AFTER_MS,
      isDue: () => this.#waiting.length > 0,
      flush: ({ otlp }) => this.#flush(otlp),
    });
  }

  /** The number of spans that wait. */
  get spans(): number {
    return this.#spans;
  }

  /** @param context of a request, which sends what waits if no other one does */
  add(trace: FinishedTrace, context: ExportContext): void {
    if (context.otlp.targets.traces === undefined) return;
    if (this.#spans + trace.spans > MAX_SPANS) {
      this.#parts.exporter.countDropped("traces", trace.spans);
    } else {
      this.#waiting.push(trace);
      this.#spans += trace.spans;
    }
    this.#schedule.schedule(context);
  }

  async #flush(otlp: OtlpSettings): Promise<void> {
    const { exporter } = this.#parts;
    const sent: Promise<boolean>[] = [];
    while (this.#waiting.length > 0) {
      const { request, spans } = this.#next();
      sent.push(exporter.send("traces", request, spans, otlp));
    }
    await Promise.all(sent);
  }

  /** Removes the traces of one POST. Spans are under the resource of the program that made them. */
  #next(): { request: Requests["traces"]; spans: number } {
    const messages: SpanMessage[] = [];
    const originSpans: OriginSpans[] = [];
    let traces = 0;
    let spans = 0;
    for (const trace of this.#waiting) {
      if (spans > 0 && spans + trace.spans > MAX_SPANS_PER_EXPORT) break;
      traces += 1;
      spans += trace.spans;
      messages.push(...trace.messages());
      originSpans.push(...trace.originSpans);
    }
    this.#waiting = this.#waiting.slice(traces);
    this.#spans -= spans;
    const all = [{ resource: this.#parts.resource, spans: messages }, ...originSpans];
    return {
      request: { resourceSpans: all.flatMap((one) => tracesRequest(one.resource, one.spans).resourceSpans) },
      spans,
    };
  }
}
