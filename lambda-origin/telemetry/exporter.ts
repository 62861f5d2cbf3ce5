/** Sends an invocation's spans and log records, both at once, before its answer is returned. */
import { type Attributes, keyValues } from "../../formats/otlp/attributes.ts";
import { exportBody } from "../../formats/otlp/export-body.ts";
import {
  type LogMessage,
  logsRequest,
  type Requests,
  type Signal,
  type SpanMessage,
  tracesRequest,
} from "../../formats/otlp/messages.ts";
import { type OtlpSettings, type OtlpTarget, otlpSettings } from "../../formats/otlp/settings.ts";

export interface ExportSettings {
  readonly otlp: OtlpSettings;
  /** The most that telemetry may add to an answer. */
  readonly flushMs: number;
  /** After a flush that ran out of time nothing is sent for this long: a backend that drops packets delays one answer, not all. */
  readonly pauseMs: number;
  /** A signal that aborts after so many ms. Default: the runtime's. */
  readonly timeout?: (ms: number) => AbortSignal;
}

/** Settings by the variables that every OTLP exporter reads. */
export function exportSettings(env: NodeJS.ProcessEnv): ExportSettings {
  return { otlp: otlpSettings(env), flushMs: 500, pauseMs: 30_000 };
}

interface Batch {
  readonly spans: SpanMessage[];
  readonly logs: LogMessage[];
}

/** Items that were lost. */
export interface Dropped {
  readonly spans: number;
  readonly logs: number;
}

export class Exporter {
  /** Whether log records are exported. If not, what an operator must know is written to stderr. */
  readonly hasLogBackend: boolean;
  readonly #flushMs: number;
  readonly #traces: SignalSender<"traces">;
  readonly #logs: SignalSender<"logs">;

  constructor(settings: ExportSettings) {
    this.hasLogBackend = settings.otlp.targets.logs !== undefined;
    this.#flushMs = settings.flushMs;
    this.#traces = new SignalSender("traces", settings);
    this.#logs = new SignalSender("logs", settings);
  }

  /** Spans and log records lost in this instance since it started. */
  get dropped(): Dropped {
    return { spans: this.#traces.dropped, logs: this.#logs.dropped };
  }

  /** Sends the batch within the settings' bound and `leftMs`. Resolves to what was accepted; never rejects. */
  async flush(
    { spans, logs }: Batch,
    resource: Attributes,
    leftMs: number,
  ): Promise<{ spans: boolean; logs: boolean }> {
    const boundMs = Math.floor(Math.min(this.#flushMs, leftMs));
    const attributes = keyValues(resource);
    const [spansAccepted, logsAccepted] = await Promise.all([
      this.#traces.send(tracesRequest(attributes, spans), spans.length, boundMs),
      this.#logs.send(logsRequest(attributes, logs), logs.length, boundMs),
    ]);
    return { spans: spansAccepted, logs: logsAccepted };
  }
}

/** Sends one signal: bounded in time, silent on failure, losses counted. Each signal has one, so that they fail independently. */
class SignalSender<S extends Signal> {
  readonly #signal: S;
  readonly #settings: ExportSettings;
  #pausedUntilMs = 0;
  #dropped = 0;
  readonly #reported = new Set<number>();

  constructor(signal: S, settings: ExportSettings) {
    this.#signal = signal;
    this.#settings = settings;
  }

  /** Items lost in this instance since it started. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves to whether a request of `items` items was accepted within the bound; never rejects. */
  async send(request: Requests[S], items: number, boundMs: number): Promise<boolean> {
    const target = this.#settings.otlp.targets[this.#signal];
    if (target === undefined || items === 0) return true;
    const mayTry = boundMs > 0 && Date.now() >= this.#pausedUntilMs;
    const sent = mayTry && (await this.#post(target, request, boundMs));
    if (!sent) this.#dropped += items;
    return sent;
  }

  async #post({ url, headers, protocol }: OtlpTarget, exported: Requests[S], boundMs: number): Promise<boolean> {
    const { pauseMs, timeout = (ms: number) => AbortSignal.timeout(ms) } = this.#settings;
    const signal = timeout(boundMs);
    try {
      const { contentType, body } = exportBody(this.#signal, exported, protocol);
      const request: RequestInit = {
        method: "POST",
        headers: { ...headers, "content-type": contentType },
        body,
        redirect: "manual",
        signal,
      };
      // A connection from before a freeze is closed, which shows only on use. The second request opens another one.
      const response = await fetch(url, request).catch(() => fetch(url, request));
      await response.arrayBuffer(); // the connection is reused only after the body was read
      if (!response.ok) this.#reportRefusal(response.status);
      return response.ok;
    } catch {
      if (signal.aborted) this.#pausedUntilMs = Date.now() + pauseMs;
      return false;
    }
  }

  /** Once for each status: a backend that refuses everything, because of a wrong key or encoding, does so at each invocation. */
  #reportRefusal(status: number): void {
    const isOverload = status >= 500 || status === 429;
    if (isOverload || this.#reported.has(status)) return;
    this.#reported.add(status);
    const reason = `the OTLP backend answered ${status} to ${this.#signal}, which are lost`;
    console.error(JSON.stringify({ level: "error", error_type: "telemetry-refused", reason }));
  }
}
