/**
 * One POST per trace, under the request's own `waitUntil`. A backend that is dead, slow or refusing costs the caller nothing:
 * what cannot be delivered in time is dropped and counted.
 */
import type { Attributes } from "@opentelemetry/api";
import { Leases } from "../leases.ts";
import type { HttpHeaders } from "./otlp-endpoint.ts";
import { type FinishedSpan, otlpTraceRequest } from "./otlp-json.ts";

export type ExportCounts = {
  readonly exportedSpans: number;
  /** Spans lost because the backend refused, failed or was late, or because a bound was reached. */
  readonly droppedSpans: number;
  readonly failedExports: number;
  readonly spansUnderWay: number;
};

/** The default of OTLP exporters is 10 s; shorter, as `waitUntil` ends 30 s after the response and memory is scarce. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Spans held in memory for a slow backend, about 1 kB each; past it whole exports are dropped. */
const MOST_SPANS_UNDER_WAY = 4_096;

const underWay = new Leases(MOST_SPANS_UNDER_WAY, EXPORT_TIMEOUT_MS * 2);
let exportedSpans = 0;
let droppedSpans = 0;
let failedExports = 0;

/** What tracing did and lost in this isolate so far. */
export function exportCounts(): ExportCounts {
  return { exportedSpans, droppedSpans, failedExports, spansUnderWay: underWay.total };
}

export function countDropped(spans: number): void {
  droppedSpans += spans;
}

/** Sends spans to `url`; never rejects. */
export async function exportSpans(
  spans: readonly FinishedSpan[],
  resource: Attributes,
  url: string,
  headers: HttpHeaders,
): Promise<void> {
  const lease = underWay.take(spans.length, Date.now());
  if (lease === undefined) return countDropped(spans.length);
  try {
    await new Promise((resolve) => setTimeout(resolve, 1)); // the response leaves first; encoding takes CPU time of the same thread
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: otlpTraceRequest(spans, resource),
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
      redirect: "manual",
    });
    await response.body?.cancel(); // an unread body keeps the connection
    if (!response.ok) throw new Error(`The trace backend answered ${response.status}`);
    exportedSpans += spans.length;
  } catch {
    failedExports += 1;
    countDropped(spans.length);
  } finally {
    underWay.give(lease);
  }
}
