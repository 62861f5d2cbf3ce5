/** The result, tables and notes of the bench `telemetry`. Pure. */

import { hundredths, mib, percentile, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import type { Call } from "../classify.ts";
import { type HeapUsage, heapUsageBytes } from "../memory/inspector.ts";
import type { Cell } from "../take-turns.ts";
import type { HeapReading } from "./growth.ts";

export interface TelemetryMode {
  name: "off" | "0 %" | "10 %" | "100 %";
  /** `sampling.ratio`. Null: no endpoint is configured. */
  ratio: number | null;
  about: string;
}

export const TELEMETRY_MODES: readonly TelemetryMode[] = [
  { name: "off", ratio: null, about: "nothing is exported" },
  { name: "0 %", ratio: 0, about: "metrics, and the traces that are always kept" },
  { name: "10 %", ratio: 0.1, about: "every tenth trace" },
  { name: "100 %", ratio: 1, about: "every trace" },
];

/** A growth of one number per request is a leak. Less can be V8's own code and caches. */
const MAX_GROWTH_BYTES_PER_REQUEST = 8;
/** With fewer requests, what V8 compiles and caches outweighs what requests leave. */
const MIN_JUDGED_REQUESTS = 30_000;

export interface TelemetryResult {
  model: string;
  modes: {
    name: TelemetryMode["name"];
    samples: number;
    callerMs: { p50: number; p95: number };
    gatewayMs: { p50: number; p95: number };
    /** Difference to the gateway that exports nothing, by the caller's clock. */
    addedMs: { p50: number; p95: number };
  }[];
  heap: { requests: number; v8UsedMiB: number; embedderMiB: number; backingMiB: number }[];
  growthBytesPerRequest: number;
  exports: { requests: number; traces: number; logs: number; metrics: number };
  problem: string | null;
}

interface Measured {
  model: string;
  cells: readonly Cell<TelemetryMode["name"], Call>[];
  heap: readonly HeapReading[];
  requests: number;
  received: { traces: number; logs: number; metrics: number };
}

/** The bench's result: P50 and P95 in ms per setting, and what telemetry adds to them. */
export function telemetryResult({ model, cells, heap, requests, received }: Measured): TelemetryResult {
  const quantiles = (values: readonly number[]) => ({ p50: percentile(values, 50), p95: percentile(values, 95) });
  const measured = cells.map(({ side, good }) => ({
    name: side,
    samples: good.length,
    callerMs: quantiles(good.map(({ callerMs }) => callerMs)),
    gatewayMs: quantiles(good.map(({ gatewayMs }) => gatewayMs["total"] ?? Number.NaN)),
  }));
  const base = measured.find(({ name }) => name === "off")?.callerMs;
  const modes = measured.map((mode) => ({
    ...mode,
    callerMs: { p50: hundredths(mode.callerMs.p50), p95: hundredths(mode.callerMs.p95) },
    addedMs: {
      p50: hundredths(mode.callerMs.p50 - (base?.p50 ?? Number.NaN)),
      p95: hundredths(mode.callerMs.p95 - (base?.p95 ?? Number.NaN)),
    },
  }));
  const growthBytesPerRequest = growthOf(heap);
  const problem =
    requests >= MIN_JUDGED_REQUESTS && growthBytesPerRequest > MAX_GROWTH_BYTES_PER_REQUEST
      ? `The isolate grew by ${growthBytesPerRequest} bytes per request; at most ${MAX_GROWTH_BYTES_PER_REQUEST} are allowed.`
      : null;
  return {
    model,
    modes,
    heap: heap.map(({ requests: after, usage }) => ({ requests: after, ...heapParts(usage) })),
    growthBytesPerRequest,
    exports: { requests, ...received },
    problem,
  };
}

function heapParts({ usedSize, embedderHeapUsedSize, backingStorageSize }: HeapUsage) {
  return { v8UsedMiB: mib(usedSize), embedderMiB: mib(embedderHeapUsedSize), backingMiB: mib(backingStorageSize) };
}

/** From the first reading to the last. */
function growthOf(heap: readonly HeapReading[]): number {
  const [first, last] = [heap[0], heap.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  return tenths((heapUsageBytes(last.usage) - heapUsageBytes(first.usage)) / (last.requests - first.requests));
}

/** The result as it is printed. */
export function telemetryTables({ modes, heap, exports }: TelemetryResult): Table[] {
  return [
    {
      title: "Time of a request in ms, at the edge",
      header: ["exported", "caller p50", "caller p95", "added p50", "added p95", "samples"],
      rows: modes.map(({ name, callerMs, addedMs, samples }) => [
        name,
        callerMs.p50,
        callerMs.p95,
        addedMs.p50,
        addedMs.p95,
        samples,
      ]),
    },
    {
      title: "Memory of the isolate that exports every trace, in MiB, after a garbage collection",
      header: ["after requests", "V8", "embedder", "buffers"],
      rows: heap.map(({ requests, v8UsedMiB, embedderMiB, backingMiB }) => [
        requests,
        v8UsedMiB,
        embedderMiB,
        backingMiB,
      ]),
    },
    {
      title: "Export requests of that isolate",
      header: ["requests", "traces", "logs", "metrics"],
      rows: [[exports.requests, exports.traces, exports.logs, exports.metrics]],
    },
  ];
}

export const NOTES = [
  "There is one gateway per mode; they differ only in the policy's sampling.ratio and in the endpoint. They take turns, so noise of the machine affects all.",
  "Times are the caller's and include Miniflare's Worker before the gateway. Their difference is what telemetry adds, before the answer or after it on the same thread.",
  "Texts have 8 tokens and are answered at the edge: with the shortest inference, an addition is largest in proportion.",
  "The receiver is on this machine and answers at once. Receivers that do not: test/worker/telemetry/backend.harness.test.ts.",
  "V8 collects garbage after each tenth of the requests, before the heap is read. Whatever is left is still referenced.",
];
