/**
 * Sends export requests to the backend, one POST each, under a request's `waitUntil`. A backend that is down, slow or refuses costs
 * the caller nothing: what cannot be delivered in time is dropped and counted.
 */
import { type ExportBody, exportBody } from "../../formats/otlp/export-body.ts";
import type { Requests, Signal } from "../../formats/otlp/messages.ts";
import type { HttpHeaders, OtlpSettings } from "../../formats/otlp/settings.ts";
import { Leases } from "../resilience/leases.ts";

/** The gateway's clock, as far as telemetry needs it. */
export interface TelemetryClock {
  nowMs(): number;
  wait(ms: number): Promise<unknown>;
}

/** Counts of spans, log records and data points, by signal, since the isolate started. */
export interface ExportCounts {
  exported: Readonly<Record<Signal, number>>;
  /** Lost because the backend refused, failed or was late, or because a bound was reached. */
  dropped: Readonly<Record<Signal, number>>;
  failedExports: number;
  /** Why the last export of a signal failed; no entry once one was accepted. */
  failures: Readonly<Partial<Record<Signal, ExportFailure>>>;
  /** Spans that wait for an export, or are in one that has not ended. */
  underWay: number;
}

/** `http-<status>`: the backend answered with it. `timeout` and `network`: it did not answer. */
export type ExportFailure = `http-${number}` | "timeout" | "network";

/** OTLP exporters default to 10 s. This one is shorter, as `waitUntil` ends 30 s after the response and memory is scarce. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Held in memory for a slow backend, at about 1 kB each. Past it whole exports are dropped. Each signal has its own bound. */
const MAX_ITEMS_UNDER_WAY = { traces: 4_096, logs: 2_048, metrics: 4_096 } as const;

export interface ExporterParts {
  clock: TelemetryClock;
  /** The runtime's, without a trace context. */
  fetch: typeof fetch;
  /** Receives a line for the Worker's log when exports of a signal begin to fail, fail in another way, or are accepted again. */
  log?: (line: string) => void;
}

export class Exporter {
  readonly #parts: ExporterParts;
  readonly #underWay = { traces: leases("traces"), logs: leases("logs"), metrics: leases("metrics") };
  readonly #exported = { traces: 0, logs: 0, metrics: 0 };
  readonly #dropped = { traces: 0, logs: 0, metrics: 0 };
  #failedExports = 0;
  readonly #failures: Partial<Record<Signal, ExportFailure>> = {};

  constructor(parts: ExporterParts) {
    this.#parts = parts;
  }

  counts(): ExportCounts {
    return {
      exported: { ...this.#exported },
      dropped: { ...this.#dropped },
      failedExports: this.#failedExports,
      failures: { ...this.#failures },
      underWay: this.#underWay.traces.total,
    };
  }

  /** Counts items that were lost before they came to an export. */
  countDropped(signal: Signal, items: number): void {
    this.#dropped[signal] += items;
  }

  /** Sends one request of `items` items. Never rejects: false where the backend did not accept it, or the signal has no endpoint. */
  async send<S extends Signal>(signal: S, request: Requests[S], items: number, otlp: OtlpSettings): Promise<boolean> {
    const target = otlp.targets[signal];
    if (target === undefined) return false;
    const underWay = this.#underWay[signal];
    const lease = underWay.take(items, this.#parts.clock.nowMs());
    if (lease === undefined) {
      this.countDropped(signal, items);
      return false;
    }
    try {
      await this.#parts.clock.wait(1); // the response leaves first: encoding takes CPU time of the same thread
      const { contentType, body } = exportBody(signal, request, target.protocol);
      const failure = await this.#post(target.url, body, { ...target.headers, "content-type": contentType });
      this.#note(signal, failure, target.url);
      if (failure === null) {
        this.#exported[signal] += items;
        return true;
      }
    } catch {
      // Encoding failed; the backend is not to blame.
    } finally {
      underWay.give(lease);
    }
    this.#failedExports += 1;
    this.countDropped(signal, items);
    return false;
  }

  /** @returns null when the backend accepted the body */
  async #post(url: string, body: ExportBody["body"], headers: HttpHeaders): Promise<ExportFailure | null> {
    const { fetch } = this.#parts; // called without `this`, which the runtime's own refuses
    const signal = AbortSignal.timeout(EXPORT_TIMEOUT_MS);
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
      await response.body?.cancel(); // an unread body keeps the connection
      return response.ok ? null : `http-${response.status}`;
    } catch {
      return signal.aborted ? "timeout" : "network";
    }
  }

  #note(signal: Signal, failure: ExportFailure | null, url: string): void {
    const before = this.#failures[signal] ?? null;
    if (failure === before) return;
    if (failure === null) delete this.#failures[signal];
    else this.#failures[signal] = failure;
    this.#parts.log?.(failure === null ? `OTLP: ${signal} are accepted again.` : describeFailure(signal, failure, url));
  }
}

/** Without the query, which may be a token. */
function describeFailure(signal: Signal, failure: ExportFailure, url: string): string {
  const { origin, pathname } = new URL(url);
  const status = failure.startsWith("http-") ? Number(failure.slice("http-".length)) : null;
  const what =
    status === null
      ? failure === "timeout"
        ? "did not answer in time"
        : "could not be reached"
      : `answered ${status}`;
  return `OTLP: ${signal} are lost: ${origin}${pathname} ${what}. ${nextStep(status)}`;
}

function nextStep(status: number | null): string {
  if (status === null) return "Check OTEL_EXPORTER_OTLP_ENDPOINT.";
  if (status === 401 || status === 403) return "Check OTEL_EXPORTER_OTLP_HEADERS.";
  if (status === 404 || status === 405 || (status >= 300 && status < 400)) {
    return "Check that OTEL_EXPORTER_OTLP_ENDPOINT is the backend's OTLP/HTTP base URL.";
  }
  if (status === 415)
    return "Set OTEL_EXPORTER_OTLP_PROTOCOL to the encoding that the backend accepts: http/json or http/protobuf.";
  return "See docs/guide/telemetry-backends.md.";
}

/** A cancelled request never runs its `finally`: what it held expires. */
function leases(signal: Signal): Leases {
  return new Leases(MAX_ITEMS_UNDER_WAY[signal], EXPORT_TIMEOUT_MS * 2);
}
