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
  /** Spans in exports that have not ended. */
  underWay: number;
}

/** OTLP exporters default to 10 s. This one is shorter, as `waitUntil` ends 30 s after the response and memory is scarce. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Held in memory for a slow backend, at about 1 kB each. Past it whole exports are dropped. Each signal has its own bound. */
const MAX_ITEMS_UNDER_WAY = { traces: 4_096, logs: 2_048, metrics: 4_096 } as const;

export interface ExporterParts {
  clock: TelemetryClock;
  /** The runtime's, without a trace context. */
  fetch: typeof fetch;
}

export class Exporter {
  readonly #parts: ExporterParts;
  readonly #underWay = { traces: leases("traces"), logs: leases("logs"), metrics: leases("metrics") };
  readonly #exported = { traces: 0, logs: 0, metrics: 0 };
  readonly #dropped = { traces: 0, logs: 0, metrics: 0 };
  #failedExports = 0;

  constructor(parts: ExporterParts) {
    this.#parts = parts;
  }

  counts(): ExportCounts {
    return {
      exported: { ...this.#exported },
      dropped: { ...this.#dropped },
      failedExports: this.#failedExports,
      underWay: this.#underWay.traces.total,
    };
  }

  /** Counts items that were lost before they came to an export. */
  countDropped(signal: Signal, items: number): void {
    this.#dropped[signal] += items;
  }

  /** Sends one request of `items` items. Never rejects: false where the backend did not accept it, or the signal has no endpoint. */
  async send<S extends Signal>(signal: S, request: Requests[S], items: number, otlp: OtlpSettings): Promise<boolean> {
    const url = otlp.urls[signal];
    if (url === undefined) return false;
    const underWay = this.#underWay[signal];
    const lease = underWay.take(items, this.#parts.clock.nowMs());
    if (lease === undefined) {
      this.countDropped(signal, items);
      return false;
    }
    try {
      await this.#parts.clock.wait(1); // the response leaves first: encoding takes CPU time of the same thread
      const { contentType, body } = exportBody(signal, request, otlp.protocol);
      await this.#post(url, body, { ...otlp.headers, "content-type": contentType });
      this.#exported[signal] += items;
      return true;
    } catch {
      this.#failedExports += 1;
      this.countDropped(signal, items);
      return false;
    } finally {
      underWay.give(lease);
    }
  }

  async #post(url: string, body: ExportBody["body"], headers: HttpHeaders): Promise<void> {
    const { fetch } = this.#parts; // called without `this`, which the runtime's own refuses
    const signal = AbortSignal.timeout(EXPORT_TIMEOUT_MS);
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await response.body?.cancel(); // an unread body keeps the connection
    if (!response.ok) throw new Error(`The backend answered ${response.status}.`);
  }
}

/** A cancelled request never runs its `finally`: what it held expires. */
function leases(signal: Signal): Leases {
  return new Leases(MAX_ITEMS_UNDER_WAY[signal], EXPORT_TIMEOUT_MS * 2);
}
