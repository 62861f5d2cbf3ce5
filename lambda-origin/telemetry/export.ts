/** Sends a trace before the answer leaves, and never at the answer's cost: bounded in time, quiet on failure, losses counted. */
import { otlpHeaders, otlpTraceRequest, tracesUrl } from "./otlp.ts";
import type { Attributes, Trace } from "./trace.ts";

export type ExportSettings = {
  /** Undefined exports nothing. */
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The most that telemetry may add to an answer. */
  readonly flushMs: number;
  /** After a flush ran out of time, nothing is sent for so long: a backend that swallows packets delays one answer, not all. */
  readonly pauseMs: number;
};

/** From the variables that every OTLP exporter reads. */
export function exportSettings(env: NodeJS.ProcessEnv): ExportSettings {
  return {
    url: tracesUrl(env["OTEL_EXPORTER_OTLP_ENDPOINT"]),
    headers: otlpHeaders(env["OTEL_EXPORTER_OTLP_HEADERS"]),
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
    const { url, flushMs } = this.#settings;
    if (url === undefined || !trace.origin.sampled) return;
    const boundMs = Math.floor(Math.min(flushMs, leftMs));
    const sent = boundMs > 0 && Date.now() >= this.#pausedUntilMs && (await this.#post(url, trace, resource, boundMs));
    if (!sent) this.#droppedSpans += trace.spans.length;
  }

  async #post(url: string, trace: Trace, resource: Attributes, boundMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(boundMs);
    const request: RequestInit = {
      method: "POST",
      headers: { ...this.#settings.headers, "content-type": "application/json" },
      body: otlpTraceRequest(trace, resource),
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
