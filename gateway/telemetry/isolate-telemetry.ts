/**
 * Logs and metrics of one isolate. They are gathered over requests and sent under the `waitUntil` of whichever request leaves
 * something while no flush is on its way: nobody's answer waits, and an isolate has no timers of its own.
 * Why so, and what can be lost: docs/decisions/018-logs-and-metrics-from-isolates.md
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { context, trace } from "@opentelemetry/api";
import { keyValues } from "../../formats/otlp/attributes.ts";
import { type LogMessage, logsRequest, metricsRequest, type Signal } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import type { IsolateEvent, Report } from "../record/events.ts";
import { eventLog } from "../record/logs.ts";
import { countEvent, countRequest, type RequestEnd } from "../record/metrics.ts";
import type { Clock } from "../world.ts";
import { allowedAttributes } from "./allowed-attributes.ts";
import { countDropped, exportCounts, exportSignal } from "./exporter.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { logMessage } from "./log-message.ts";
import { Meter } from "./meter.ts";
import { resource, unixNano } from "./resource.ts";

/** So long things are gathered: one export for all that a burst of requests leaves. */
const FLUSH_AFTER_MS = 5_000;
/** A flush that has not begun so long after its time died with its request. Loading a model blocks the thread for less. */
const FLUSH_LATE_MS = 3_000;
/** About 1 kB each. */
const MOST_LOGS = 1_000;

/** The request at hand, as far as sending is concerned. */
export interface ExportContext {
  keepAlive(work: Promise<unknown>): void;
  otlp: OtlpSettings;
}

export interface TelemetryParts {
  clock: Clock;
  /** Sets the gauges, just before they are sent. */
  readGauges(to: Meter): void;
}

export class IsolateTelemetry {
  readonly #parts: TelemetryParts;
  readonly #meter = new Meter();
  readonly #exportContexts = new AsyncLocalStorage<ExportContext>();
  #logs: LogMessage[] = [];
  /** When the metrics were last taken; null before the first request: at global scope there is no time. */
  #sinceMs: number | null = null;
  /** Until then a flush is on its way, whoever carries it. */
  #flushLeaseMs = Number.NEGATIVE_INFINITY;
  /** Of the losses that export.ts counts, those that were told. */
  readonly #reportedDropped: Record<Signal, number> = { traces: 0, logs: 0, metrics: 0 };

  constructor(parts: TelemetryParts) {
    this.#parts = parts;
  }

  /** Runs a request. What it leaves, in work after its answer too, and what others have left that died, is sent under its life. */
  during<T>(exportContext: ExportContext, work: () => T): T {
    this.#sinceMs ??= this.#parts.clock.nowMs();
    return this.#exportContexts.run(exportContext, () => {
      if (this.#logs.length > 0 || !this.#meter.isEmpty) this.#scheduleFlush();
      return work();
    });
  }

  /** Takes what happens in the isolate; a function on its own, as rooms have it for a port. */
  readonly report: Report = (event: IsolateEvent) => {
    if (this.#isOff()) return;
    countEvent(event, this.#meter);
    const entry = eventLog(event);
    if (entry !== null) {
      const { attributes, ...rest } = entry;
      const timeUnixNano = unixNano(this.#parts.clock.nowMs());
      const span = trace.getSpanContext(context.active());
      this.log(
        logMessage({ ...rest, attributes: keyValues(allowedAttributes(attributes)), timeUnixNano, trace: span }),
      );
    }
    this.#scheduleFlush();
  };

  /** To be called once for each request. */
  request(end: RequestEnd): void {
    if (this.#isOff()) return;
    countRequest(end, this.#meter);
    this.#scheduleFlush();
  }

  log(message: LogMessage): void {
    if (this.#isOff()) return;
    if (this.#logs.length < MOST_LOGS) this.#logs.push(message);
    else countDropped("logs", 1);
    this.#scheduleFlush();
  }

  /** Nothing is gathered that has nowhere to go. */
  #isOff(): boolean {
    const exportContext = this.#exportContexts.getStore();
    return exportContext !== undefined && !hasBackend(exportContext.otlp);
  }

  #scheduleFlush(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs < this.#flushLeaseMs) return;
    const exportContext = this.#exportContexts.getStore();
    if (exportContext === undefined || !hasBackend(exportContext.otlp)) return;
    const lease = nowMs + FLUSH_AFTER_MS + FLUSH_LATE_MS;
    this.#flushLeaseMs = lease;
    exportContext.keepAlive(this.#flushLater(lease, exportContext.otlp));
  }

  async #flushLater(lease: number, otlp: OtlpSettings): Promise<void> {
    await this.#parts.clock.wait(FLUSH_AFTER_MS);
    // What is left from here on needs another flush; one that has replaced this one goes on.
    if (this.#flushLeaseMs === lease) this.#flushLeaseMs = Number.NEGATIVE_INFINITY;
    await Promise.all([this.#sendLogs(otlp), this.#sendMetrics(otlp)]);
  }

  async #sendLogs(otlp: OtlpSettings): Promise<void> {
    const logs = this.#logs;
    this.#logs = [];
    if (logs.length > 0) await exportSignal("logs", logsRequest(resource(), logs), logs.length, otlp);
  }

  async #sendMetrics(otlp: OtlpSettings): Promise<void> {
    if (this.#meter.isEmpty) return;
    const unreported = this.#countNewlyDropped();
    this.#parts.readGauges(this.#meter);
    const nowMs = this.#parts.clock.nowMs();
    const { metrics, points } = this.#meter.take(this.#sinceMs ?? nowMs, nowMs);
    this.#sinceMs = nowMs;
    const isSent = await exportSignal("metrics", metricsRequest(resource(), metrics), points, otlp);
    // Points of an export that failed are lost (they may have arrived after all), but not that something was lost.
    if (!isSent) for (const [signal, items] of unreported) this.#reportedDropped[signal] -= items;
  }

  #countNewlyDropped(): [Signal, number][] {
    const { dropped } = exportCounts();
    const unreported: [Signal, number][] = [];
    for (const signal of ["traces", "logs", "metrics"] as const) {
      const items = dropped[signal] - this.#reportedDropped[signal];
      if (items <= 0) continue;
      this.#reportedDropped[signal] = dropped[signal];
      this.#meter.add(INSTRUMENTS.telemetryDropped, items, { "spillway.signal": signal });
      unreported.push([signal, items]);
    }
    return unreported;
  }
}

function hasBackend({ urls }: OtlpSettings): boolean {
  return urls.logs !== undefined || urls.metrics !== undefined;
}
