/**
 * Log records and metrics of one isolate, gathered over requests: flush-schedule.ts sends them.
 * Reasons, and what can be lost: docs/decisions/018-logs-and-metrics-from-isolates.md
 */
import { type Attributes, context, trace } from "@opentelemetry/api";
import type { KeyValue } from "../../formats/otlp/attributes.ts";
import { logMessage, type Severity } from "../../formats/otlp/log-message.ts";
import { type LogMessage, logsRequest, metricsRequest, SIGNALS, type Signal } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { unixNano } from "../../formats/otlp/unix-nano.ts";
import { allowedAttributes } from "./allowed-attributes.ts";
import type { Exporter, TelemetryClock } from "./exporter.ts";
import { type FlushContext, FlushSchedule } from "./flush-schedule.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { LogEvent } from "./log-events.ts";
import { Meter } from "./meter.ts";

/** Long enough that a burst of requests needs one export. */
export const FLUSH_AFTER_MS = 5_000;
/** At about 1 kB each. */
const MAX_LOGS = 1_000;

/** What a request brings for exports. */
export interface ExportContext extends FlushContext {
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
  readonly #schedule: FlushSchedule<ExportContext>;
  readonly #gauges: ((to: Meter) => void)[] = [];
  #logs: LogMessage[] = [];
  /** When the counts that the meter holds began. */
  #countedSinceMs: number;
  /** Of the losses that the exporter counts, those that were exported. */
  readonly #reportedDropped: Record<Signal, number> = { traces: 0, logs: 0, metrics: 0 };

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#countedSinceMs = parts.clock.nowMs();
    this.#schedule = new FlushSchedule({
      clock: parts.clock,
      afterMs: () => FLUSH_AFTER_MS,
      isDue: ({ otlp }) => hasBackend(otlp) && (this.#logs.length > 0 || !this.#meter.isEmpty),
      flush: ({ otlp }) => Promise.all([this.#sendLogs(otlp), this.#sendMetrics(otlp)]),
    });
  }

  /** `read` sets gauges whenever metrics are about to be sent. */
  addGauges(read: (to: Meter) => void): void {
    this.#gauges.push(read);
  }

  /** Runs a request: see `FlushSchedule.during`. */
  during<T>(exportContext: ExportContext, work: () => T): T {
    return this.#schedule.during(exportContext, work);
  }

  count(update: (meter: Meter) => void): void {
    if (this.#isOff()) return;
    update(this.#meter);
    this.#schedule.schedule();
  }

  log({ event, severity, sentence, attributes }: LogEntry): void {
    if (this.#isOff()) return;
    this.addLog(
      logMessage({
        eventName: event.name,
        severity,
        sentence,
        attributes: allowedAttributes(attributes),
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
    this.#schedule.schedule();
  }

  /** Nothing is kept that has no endpoint. */
  #isOff(): boolean {
    const exportContext = this.#schedule.context;
    return exportContext !== null && !hasBackend(exportContext.otlp);
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
