/** Pure. What the bench says of its readings. */
import type { Call } from "../classify.ts";
import { hundredths, mib, percentile, tenths } from "../statistics.ts";
import type { Table } from "../table.ts";
import type { Cell } from "../take-turns.ts";
import { type HeapReading, heldBytes } from "./growth.ts";

export interface TelemetryMode {
  name: "off" | "0 %" | "10 %" | "100 %";
  /** Null: no endpoint is configured. */
  ratio: number | null;
  about: string;
}

export const TELEMETRY_MODES: readonly TelemetryMode[] = [
  { name: "off", ratio: null, about: "nothing is exported" },
  { name: "0 %", ratio: 0, about: "metrics, and the traces that are always kept" },
  { name: "10 %", ratio: 0.1, about: "every tenth trace" },
  { name: "100 %", ratio: 1, about: "every trace" },
];

/** One number held for each request is more; V8's own code and caches may still come and go. */
const GROWTH_MAX_BYTES_PER_REQUEST = 8;
/** With fewer, what V8 compiles and learns meanwhile outweighs what requests leave. */
const JUDGED_FROM_REQUESTS = 30_000;

export interface TelemetryResult {
  model: string;
  ways: {
    name: TelemetryMode["name"];
    samples: number;
    callerMs: { p50: number; p95: number };
    gatewayMs: { p50: number; p95: number };
    /** Over the gateway that exports nothing, by the caller's clock. */
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

export function telemetryResult({ model, cells, heap, requests, received }: Measured): TelemetryResult {
  const quantiles = (values: readonly number[]) => ({ p50: percentile(values, 50), p95: percentile(values, 95) });
  const measured = cells.map(({ side, good }) => ({
    name: side,
    samples: good.length,
    callerMs: quantiles(good.map(({ callerMs }) => callerMs)),
    gatewayMs: quantiles(good.map(({ gatewayMs }) => gatewayMs["total"] ?? Number.NaN)),
  }));
  const base = measured.find(({ name }) => name === "off")?.callerMs;
  const ways = measured.map((way) => ({
    ...way,
    callerMs: { p50: hundredths(way.callerMs.p50), p95: hundredths(way.callerMs.p95) },
    addedMs: {
      p50: hundredths(way.callerMs.p50 - (base?.p50 ?? Number.NaN)),
      p95: hundredths(way.callerMs.p95 - (base?.p95 ?? Number.NaN)),
    },
  }));
  const growthBytesPerRequest = growthOf(heap);
  const problem =
    requests >= JUDGED_FROM_REQUESTS && growthBytesPerRequest > GROWTH_MAX_BYTES_PER_REQUEST
      ? `The isolate grew by ${growthBytesPerRequest} bytes a request; ${GROWTH_MAX_BYTES_PER_REQUEST} are allowed for noise.`
      : null;
  return {
    model,
    ways,
    heap: heap.map(({ requests: after, usage }) => ({
      requests: after,
      v8UsedMiB: mib(usage.usedSize),
      embedderMiB: mib(usage.embedderHeapUsedSize),
      backingMiB: mib(usage.backingStorageSize),
    })),
    growthBytesPerRequest,
    exports: { requests, ...received },
    problem,
  };
}

/** From the first floor to the last. */
function growthOf(heap: readonly HeapReading[]): number {
  const [first, last] = [heap[0], heap.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  return tenths((heldBytes(last.usage) - heldBytes(first.usage)) / (last.requests - first.requests));
}

export function telemetryTables({ ways, heap, exports }: TelemetryResult): Table[] {
  return [
    {
      title: "What a request takes, in ms, at the edge",
      header: ["exported", "caller p50", "caller p95", "added p50", "added p95", "samples"],
      rows: ways.map(({ name, callerMs, addedMs, samples }) => [
        name,
        callerMs.p50,
        callerMs.p95,
        addedMs.p50,
        addedMs.p95,
        samples,
      ]),
    },
    {
      title: "What the isolate that exports everything holds, in MiB, after a collection",
      header: ["after requests", "V8", "embedder", "buffers"],
      rows: heap.map(({ requests, v8UsedMiB, embedderMiB, backingMiB }) => [
        requests,
        v8UsedMiB,
        embedderMiB,
        backingMiB,
      ]),
    },
    {
      title: "Export requests of it",
      header: ["requests", "traces", "logs", "metrics"],
      rows: [[exports.requests, exports.traces, exports.logs, exports.metrics]],
    },
  ];
}

export const NOTES = [
  "One gateway for each way, equal but for the policy's sampling.ratio and the endpoint; they take turns, so the machine's noise hits all.",
  "Times are the caller's, wrangler dev's proxy included: their difference is what telemetry adds, in the caller's way or beside it on the same thread.",
  "Texts of 8 tokens at the edge: the shortest inference, beside which an addition is largest.",
  "The receiver is on this machine and answers at once. One that does not is another matter: test/worker/telemetry/backend.harness.test.ts.",
  "Each tenth of the requests ends with a collection by V8 before the heap is read: what it leaves is held by something.",
];
