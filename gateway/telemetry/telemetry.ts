/** The telemetry of one isolate, composed: traces, log records and metrics are gathered over requests. */
import { Batch, type ExportContext, type TelemetrySinks } from "./batch.ts";
import { type ExportCounts, Exporter, type TelemetryClock } from "./exporter.ts";
import type { Meter } from "./meter.ts";
import { resourceAttributes, type WorkerVersion } from "./resource.ts";
import { TraceQueue } from "./trace-queue.ts";
import { type FetchHandler, type TelemetrySettings, traced } from "./traced.ts";
import { createTracedFetch } from "./traced-fetch.ts";

export interface TelemetryParts {
  clock: TelemetryClock;
  /** The runtime's: exports go through it, and so do the calls made with the traced `fetch`. */
  fetch: typeof fetch;
  /** A random name; called once, for `service.instance.id`. */
  newId(): string;
  /** Null where the Worker is not deployed. */
  version: WorkerVersion | null;
  /** Writes a line into the Worker's log. */
  log?: (line: string) => void;
}

export interface Telemetry extends TelemetrySinks {
  /** `read` sets gauges whenever metrics are about to be sent. */
  addGauges(read: (to: Meter) => void): void;
  /** A SERVER span, a metric and a log record for every request of `handler`. `settings` is called once for each. */
  traced(handler: FetchHandler, settings: () => TelemetrySettings): FetchHandler;
  /** Runs a request that is not traced, as a probe: it can still send what was gathered. */
  during<T>(exportContext: ExportContext, work: () => T): T;
  /** For a call that has a CLIENT span, which is the active one: passes its trace context on. */
  fetch: typeof fetch;
  exportCounts(): ExportCounts;
}

/** To be called in the isolate's first request: before it there is neither time nor randomness. */
export function createTelemetry({ clock, fetch, newId, version, log }: TelemetryParts): Telemetry {
  const exporter = new Exporter({ clock, fetch, ...(log && { log }) });
  const resource = resourceAttributes(newId(), version);
  const batch = new Batch({ clock, exporter, resource });
  const traces = new TraceQueue({ clock, exporter, resource });
  return {
    count: (update) => batch.count(update),
    log: (entry) => batch.log(entry),
    addGauges: (read) => batch.addGauges(read),
    traced: (handler, settings) => traced(handler, settings, { batch, traces, exporter, clock }),
    during: (exportContext, work) => batch.during(exportContext, work),
    fetch: createTracedFetch(fetch),
    exportCounts: () => {
      const counts = exporter.counts();
      return { ...counts, underWay: counts.underWay + traces.spans };
    },
  };
}
