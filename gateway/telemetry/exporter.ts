/**
 * One POST per export, under a request's own `waitUntil`. A backend that is dead, slow or refusing costs the caller nothing:
 * what cannot be delivered in time is dropped and counted.
 */
import { exportBody } from "../../formats/otlp/export-body.ts";
import type { Requests, Signal } from "../../formats/otlp/messages.ts";
import type { OtlpSettings } from "../../formats/otlp/settings.ts";
import { Leases } from "../resilience/leases.ts";

/** By signal: spans, log records, data points. */
export interface ExportCounts {
  exported: Readonly<Record<Signal, number>>;
  /** Lost because the backend refused, failed or was late, or because a bound was reached. */
  dropped: Readonly<Record<Signal, number>>;
  failedExports: number;
  /** Spans only. */
  underWay: number;
}

/** The default of OTLP exporters is 10 s; shorter, as `waitUntil` ends 30 s after the response and memory is scarce. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Items held in memory for a slow backend, at most about 1 kB each; past it whole exports are dropped. One signal starves no other. */
const MOST_ITEMS_UNDER_WAY = { traces: 4_096, logs: 2_048, metrics: 4_096 } as const;

const leases = (signal: Signal) => new Leases(MOST_ITEMS_UNDER_WAY[signal], EXPORT_TIMEOUT_MS * 2);
const underWay = { traces: leases("traces"), logs: leases("logs"), metrics: leases("metrics") };
const exported = { traces: 0, logs: 0, metrics: 0 };
const dropped = { traces: 0, logs: 0, metrics: 0 };
let failedExports = 0;

/** What telemetry did and lost in this isolate so far. */
export function exportCounts(): ExportCounts {
  return { exported: { ...exported }, dropped: { ...dropped }, failedExports, underWay: underWay.traces.total };
}

export function countDropped(signal: Signal, items: number): void {
  dropped[signal] += items;
}

/** Sends one request of `items` items; whether it was taken. Never rejects. Nothing happens where the signal has no endpoint. */
export async function exportSignal<S extends Signal>(
  signal: S,
  request: Requests[S],
  items: number,
  { urls, headers, protocol }: OtlpSettings,
): Promise<boolean> {
  const url = urls[signal];
  if (url === undefined) return false;
  const lease = underWay[signal].take(items, Date.now());
  if (lease === undefined) {
    countDropped(signal, items);
    return false;
  }
  try {
    await new Promise((resolve) => setTimeout(resolve, 1)); // the response leaves first; encoding takes CPU time of the same thread
    const { contentType, body } = exportBody(signal, request, protocol);
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": contentType },
      body,
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
      redirect: "manual",
    });
    await response.body?.cancel(); // an unread body keeps the connection
    if (!response.ok) throw new Error(`The backend answered ${response.status}`);
    exported[signal] += items;
    return true;
  } catch {
    failedExports += 1;
    countDropped(signal, items);
    return false;
  } finally {
    underWay[signal].give(lease);
  }
}
