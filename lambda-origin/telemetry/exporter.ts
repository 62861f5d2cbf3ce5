/** Sends what an invocation leaves, all signals at once, before its answer does. */
import { type Attributes, keyValues } from "../../otlp/attributes.ts";
import { type LogMessage, logsRequest, type SpanMessage, tracesRequest } from "../../otlp/messages.ts";
import { type OtlpSettings, otlpSettings } from "../../otlp/settings.ts";
import { SignalSender } from "./signal-sender.ts";

export type ExportSettings = {
  readonly otlp: OtlpSettings;
  /** The most that telemetry may add to an answer. */
  readonly flushMs: number;
  /** After a flush ran out of time, nothing is sent for so long: a backend that swallows packets delays one answer, not all. */
  readonly pauseMs: number;
};

/** From the variables that every OTLP exporter reads. */
export function exportSettings(env: NodeJS.ProcessEnv): ExportSettings {
  return {
    otlp: otlpSettings(env),
    flushMs: 500,
    pauseMs: 30_000,
  };
}

export type Batch = { readonly spans: SpanMessage[]; readonly logs: LogMessage[] };

export class Exporter {
  /** Whether log records go anywhere: else what an operator must know goes to stderr. */
  readonly hasLogBackend: boolean;
  readonly #flushMs: number;
  readonly #traces: SignalSender<"traces">;
  readonly #logs: SignalSender<"logs">;

  constructor({ otlp, flushMs, pauseMs }: ExportSettings) {
    this.hasLogBackend = otlp.urls.logs !== undefined;
    this.#flushMs = flushMs;
    this.#traces = new SignalSender("traces", otlp, pauseMs);
    this.#logs = new SignalSender("logs", otlp, pauseMs);
  }

  /** Spans and log records lost in this instance since it started. */
  get dropped(): { readonly spans: number; readonly logs: number } {
    return { spans: this.#traces.dropped, logs: this.#logs.dropped };
  }

  /** Sends the batch within the settings' bound and `leftMs`, and tells what arrived; never rejects. */
  async flush(
    { spans, logs }: Batch,
    resource: Attributes,
    leftMs: number,
  ): Promise<{ spans: boolean; logs: boolean }> {
    const boundMs = Math.floor(Math.min(this.#flushMs, leftMs));
    const attributes = keyValues(resource);
    const [spansArrived, logsArrived] = await Promise.all([
      this.#traces.send(tracesRequest(attributes, spans), spans.length, boundMs),
      this.#logs.send(logsRequest(attributes, logs), logs.length, boundMs),
    ]);
    return { spans: spansArrived, logs: logsArrived };
  }
}
