/**
 * Log records and metrics of one isolate. They are gathered over requests and sent under the `waitUntil` of the first request that
 * adds something while no flush is scheduled: no answer waits for it, and an isolate has no timers outside requests.
 * Reasons, and what can be lost: docs/decisions/018-logs-and-metrics-from-isolates.md
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Attributes, context, trace } from "@opentelemetry/api";
import { type KeyValue, keyValues } from "../../formats/otlp/attributes.ts";
import { logMessage, type Severity } from "../../formats/otlp/log-message.ts";
import { type LogMessage, logsRequest, metricsRequest, SIGNALS, type Signal } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { unixNano } from "../../formats/otlp/unix-nano.ts";
import { allowedAttributes } from "./allowed-attributes.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { LogEvent } from "./log-events.ts";
import { Meter } from "./meter.ts";

/** Long enough that a burst of requests needs one export. */
export const FLUSH_AFTER_MS = 5_000;
/** A flush that has not begun this long after it was due was cancelled with its request. Loading a model blocks the thread for less. */
const MAX_FLUSH_DELAY_MS = 3_000;
/** At about 1 kB each. */
const MAX_LOGS = 1_000;

/** What a request brings for exports. */
export interface ExportContext {
  /** Keeps the request's context alive until the work is over. */
  keepAlive(work: Promise<unknown>): void;
  otlp: OtlpSettings;
}

export interface LogEntry {
  event: LogEvent;
  severity: Severity;
  sentence: string;
  /** Those that are not allowed to be exported are left out. */
  attributes: Attributes;
}

/** Where facts about the isolate go. Both return at once and never throw; nothing is kept where no backend is configured. */
export interface TelemetrySinks {
  /** Calls `update` with the isolate's metrics, to add to them. */
  count(update: (meter: Meter) => void): void;
  /** Adds a log record with the time and the active span. */
  log(entry: LogEntry): void;
}

export interface BatchParts {
  clock: TelemetryClock;
  exporter: Exporter;
  /** The attributes of the isolate. */
  resource: KeyValue[];
}

/** To be made in the isolate's first request: at global scope the clock does not run. */
export class Batch implements TelemetrySinks {
  readonly #parts: BatchParts;
  readonly #meter = new Meter();
  readonly #exportContexts = new AsyncLocalStorage<ExportContext>();
  readonly #gauges: ((to: Meter) => void)[] = [];
  #logs: LogMessage[] = [];
  /** When the counts that the meter holds began. */
  #countedSinceMs: number;
  /** Until then a flush is under way, in whichever request. */
  #flushLeaseMs = Number.NEGATIVE_INFINITY;
  /** Of the losses that the exporter counts, those that were exported. */
  readonly #reportedDropped: Record<Signal, number> = { traces: 0, logs: 0, metrics: 0 };

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#countedSinceMs = parts.clock.nowMs();
  }

  /** `read` sets gauges whenever metrics are about to be sent. */
  addGauges(read: (to: Meter) => void): void {
    this.#gauges.push(read);
  }

  /**
   * Runs a request. What it adds, in work after its answer too, and what cancelled requests have left, is sent in its context.
   */
  during<T>(exportContext: ExportContext, work: () => T): T {
    return this.#exportContexts.run(exportContext, () => {
      if (this.#logs.length > 0 || !this.#meter.isEmpty) this.#scheduleFlush();
      return work();
    });
  }

  count(update: (meter: Meter) => void): void {
    if (this.#isOff()) return;
    update(this.#meter);
    this.#scheduleFlush();
  }

  log({ event, severity, sentence, attributes }: LogEntry): void {
    if (this.#isOff()) return;
    this.addLog(
      logMessage({
        eventName: event.name,
        severity,
        sentence,
        attributes: keyValues(allowedAttributes(attributes)),
        unixNano: unixNano(this.#parts.clock.nowMs()),
        span: trace.getSpanContext(context.active()) ?? null,
      }),
    );
  }

  /** Adds a log record as it is. */
  addLog(message: LogMessage): void {
    if (this.#isOff()) return;
    if (this.#logs.length < MAX_LOGS) this.#logs.push(message);
    else this.#parts.exporter.countDropped("logs", 1);
    this.#scheduleFlush();
  }

  /** Nothing is kept that has no endpoint. */
  #isOff(): boolean {
    const exportContext = this.#exportContexts.getStore();
    return exportContext !== undefined && !hasBackend(exportContext.otlp);
  }

  #scheduleFlush(): void {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs < this.#flushLeaseMs) return;
    const exportContext = this.#exportContexts.getStore();
    if (exportContext === undefined || !hasBackend(exportContext.otlp)) return;
    const lease = nowMs + FLUSH_AFTER_MS + MAX_FLUSH_DELAY_MS;
    this.#flushLeaseMs = lease;
    exportContext.keepAlive(this.#flushLater(lease, exportContext.otlp));
  }

  async #flushLater(lease: number, otlp: OtlpSettings): Promise<void> {
    await this.#parts.clock.wait(FLUSH_AFTER_MS);
    // What is added from now on needs another flush. One that has replaced this one keeps its lease.
    if (this.#flushLeaseMs === lease) this.#flushLeaseMs = Number.NEGATIVE_INFINITY;
    await Promise.all([this.#sendLogs(otlp), this.#sendMetrics(otlp)]);
  }

  async #sendLogs(otlp: OtlpSettings): Promise<void> {
    const { exporter, resource } = this.#parts;
    const logs = this.#logs;
    this.#logs = [];
    if (logs.length > 0) await exporter.send("logs", logsRequest(resource, logs), logs.length, otlp);
  }

  async #sendMetrics(otlp: OtlpSettings): Promise<void> {
    if (this.#meter.isEmpty) return;
    const { exporter, resource, clock } = this.#parts;
    const unreported = this.#countNewlyDropped();
    for (const read of this.#gauges) read(this.#meter);
    const nowMs = clock.nowMs();
    const { metrics, points } = this.#meter.take(this.#countedSinceMs, nowMs);
    this.#countedSinceMs = nowMs;
    const isSent = await exporter.send("metrics", metricsRequest(resource, metrics), points, otlp);
    // The points of a failed export are lost (they may have arrived after all). That something was lost is reported again.
    if (!isSent) for (const [signal, items] of unreported) this.#reportedDropped[signal] -= items;
  }

  #countNewlyDropped(): [Signal, number][] {
    const { dropped } = this.#parts.exporter.counts();
    const unreported: [Signal, number][] = [];
    for (const signal of SIGNALS) {
      const items = dropped[signal] - this.#reportedDropped[signal];
      if (items <= 0) continue;
      this.#reportedDropped[signal] = dropped[signal];
      this.#meter.add(INSTRUMENTS.telemetryDropped, items, { "spillway.signal": signal });
      unreported.push([signal, items]);
    }
    return unreported;
  }
}

function hasBackend({ targets }: OtlpSettings): boolean {
  return targets.logs !== undefined || targets.metrics !== undefined;
}
