/** Sends a trace before the answer leaves, and never at the answer's cost: bounded in time, quiet on failure, losses counted. */
import { type Attributes, keyValues } from "../../otlp/attributes.ts";
import { exportBody } from "../../otlp/body.ts";
import { type Requests, type Signal, tracesRequest } from "../../otlp/messages.ts";
import { type OtlpSettings, otlpSettings } from "../../otlp/settings.ts";
import { spanMessages } from "./span-message.ts";
import type { Trace } from "./trace.ts";

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

export class TraceExporter {
  readonly #settings: ExportSettings;
  #pausedUntilMs = 0;
  #droppedSpans = 0;

  constructor(settings: ExportSettings) {
    this.#settings = settings;
  }

  /** Spans lost in this instance since it started. */
  get droppedSpans(): number {
    return this.#droppedSpans;
  }

  /** Sends the trace within the settings' bound and `leftMs`; never rejects. */
  async flush(trace: Trace, resource: Attributes, leftMs: number): Promise<void> {
    const { otlp, flushMs } = this.#settings;
    const url = otlp.urls.traces;
    if (url === undefined || !trace.origin.sampled) return;
    const boundMs = Math.floor(Math.min(flushMs, leftMs));
    const request = tracesRequest(keyValues(resource), spanMessages(trace));
    const mayTry = boundMs > 0 && Date.now() >= this.#pausedUntilMs;
    const sent = mayTry && (await this.#post(url, "traces", request, boundMs));
    if (!sent) this.#droppedSpans += trace.spans.length;
  }

  async #post<S extends Signal>(url: string, what: S, items: Requests[S], boundMs: number): Promise<boolean> {
    const { headers, protocol } = this.#settings.otlp;
    const { contentType, body } = exportBody(what, items, protocol);
    const signal = AbortSignal.timeout(boundMs);
    const request: RequestInit = {
      method: "POST",
      headers: { ...headers, "content-type": contentType },
      body,
      redirect: "manual",
      signal,
    };
    try {
      // A connection kept from before a freeze is dead, which shows only on use; the second try opens a new one.
      const response = await fetch(url, request).catch(() => fetch(url, request));
      await response.arrayBuffer(); // read to its end, the connection can serve the next invocation
      return response.ok;
    } catch {
      if (signal.aborted) this.#pausedUntilMs = Date.now() + this.#settings.pauseMs;
      return false;
    }
  }
}
