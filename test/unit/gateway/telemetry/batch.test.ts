/** By a hand clock: a wait ends when the test says so, and a request dies by never being told. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogMessage, MetricMessage, Requests } from "../../../../formats/otlp/messages.ts";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import type { RequestEnd } from "../../../../gateway/record/metrics.ts";
import { exportCounts } from "../../../../gateway/telemetry/exporter.ts";
import { INSTRUMENTS } from "../../../../gateway/telemetry/instruments.ts";
import { type ExportContext, IsolateTelemetry } from "../../../../gateway/telemetry/isolate-telemetry.ts";
import { LOG_EVENTS, logMessage } from "../../../../gateway/telemetry/log-message.ts";

const REQUEST: RequestEnd = {
  method: "POST",
  scheme: "https",
  route: "/v1/classify",
  status: 200,
  errorType: undefined,
  tookMs: 20,
  outcome: undefined,
};
const LOG = logMessage({
  event: LOG_EVENTS.request,
  severity: "INFO",
  sentence: "edge, within-share",
  attributes: [],
  timeUnixNano: "1",
  trace: undefined,
});

let backend: { status: number; logs: LogMessage[]; metrics: MetricMessage[]; posts: string[] };

beforeEach(() => {
  backend = { status: 200, logs: [], metrics: [], posts: [] };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    backend.posts.push(new URL(String(url)).pathname);
    const body: Partial<Requests["logs"] & Requests["metrics"]> = JSON.parse(String(init?.body));
    if (backend.status !== 200) return new Response(null, { status: backend.status });
    backend.logs.push(...(body.resourceLogs?.[0]?.scopeLogs[0]?.logRecords ?? []));
    backend.metrics.push(...(body.resourceMetrics?.[0]?.scopeMetrics[0]?.metrics ?? []));
    return new Response();
  });
});
afterEach(() => vi.restoreAllMocks());

function isolate() {
  let nowMs = 1_000_000;
  let waits: { untilMs: number; over: () => void }[] = [];
  const telemetry = new IsolateTelemetry({
    clock: {
      nowMs: () => nowMs,
      wait: (ms) => new Promise<void>((over) => waits.push({ untilMs: nowMs + ms, over })),
    },
    readGauges: (to) => to.set(INSTRUMENTS.policyVersion, 7, {}),
  });
  const request = (leaves: () => void, endpoint = "http://backend.test") => {
    const kept: Promise<unknown>[] = [];
    const otlp = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    const carrier: ExportContext = { otlp, keepAlive: (work) => kept.push(work) };
    telemetry.during(carrier, leaves);
    return kept;
  };
  return {
    telemetry,
    request,
    /** A request that is counted. */
    counted: () => request(() => telemetry.request(REQUEST)),
    /** Whoever waits now waits in vain. */
    kill: () => {
      waits = [];
    },
    async moveMs(ms: number) {
      nowMs += ms;
      const due = waits.filter(({ untilMs }) => untilMs <= nowMs);
      waits = waits.filter(({ untilMs }) => untilMs > nowMs);
      for (const { over } of due) over();
    },
  };
}

const countOf = (name: string) =>
  backend.metrics.reduce((sum, metric) => {
    const points = metric.name === name && "sum" in metric ? metric.sum.dataPoints : [];
    return points.reduce((total, { asDouble }) => total + asDouble, sum);
  }, 0);

describe("what requests leave", () => {
  it("is carried by the first of them, in one export of each signal, 5 s later", async () => {
    const { telemetry, request, counted, moveMs } = isolate();
    const kept = request(() => {
      telemetry.request(REQUEST);
      telemetry.log(LOG);
    });
    expect(kept).toHaveLength(1);
    await moveMs(4_000);
    expect(counted()).toEqual([]);
    expect(backend.posts).toEqual([]);
    await moveMs(1_000);
    await Promise.all(kept);
    expect(backend.posts.toSorted()).toEqual(["/v1/logs", "/v1/metrics"]);
    expect(countOf("spillway.requests")).toBe(2);
    expect(backend.logs).toEqual([LOG]);
  });

  it("after an export is carried by the next", async () => {
    const { counted, moveMs } = isolate();
    for (const flush of [1, 2, 3]) {
      const kept = counted();
      await moveMs(5_000);
      await Promise.all(kept);
      expect(countOf("spillway.requests")).toBe(flush);
    }
    const times = backend.metrics.flatMap((metric) =>
      metric.name === "spillway.requests" && "sum" in metric ? metric.sum.dataPoints : [],
    );
    // Each export's time begins where the one before ended.
    expect(times.slice(1).map(({ startTimeUnixNano }) => startTimeUnixNano)).toEqual(
      times.slice(0, -1).map(({ timeUnixNano }) => timeUnixNano),
    );
  });

  it("in the background, after its flush, is carried by a flush of its own", async () => {
    const { telemetry, request, counted, moveMs } = isolate();
    const loaded = Promise.withResolvers<void>();
    const load = { kind: "edge-load", reason: null, model: "m@1", loadMs: 7_000, heapBytes: 1 } as const;
    const kept = request(() => {
      telemetry.request(REQUEST);
      void loaded.promise.then(() => telemetry.report({ ...load, result: "ready" }));
    });
    await moveMs(5_000);
    await Promise.all(kept);
    loaded.resolve();
    await vi.waitFor(() => expect(kept).toHaveLength(2));
    await moveMs(5_000);
    await Promise.all(kept);
    expect(countOf("spillway.edge.loads")).toBe(1);
    expect(backend.logs.map(({ eventName }) => eventName)).toEqual(["spillway.edge.load"]);
    expect(counted()).toHaveLength(1);
  });

  it("is taken over, 8 s after a flush was begun that died with its request", async () => {
    const { counted, kill, moveMs } = isolate();
    counted();
    kill();
    await moveMs(7_999);
    expect(counted()).toEqual([]);
    await moveMs(1);
    const kept = counted();
    expect(kept).toHaveLength(1);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(countOf("spillway.requests")).toBe(3);
  });

  it("is taken over by a request that leaves nothing itself, as a probe", async () => {
    const { request, counted, kill, moveMs } = isolate();
    counted();
    kill();
    await moveMs(8_000);
    const kept = request(() => {});
    expect(kept).toHaveLength(1);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(countOf("spillway.requests")).toBe(1);
    expect(request(() => {})).toEqual([]);
  });

  it("goes nowhere, and is not kept, where no backend is configured", async () => {
    const { telemetry, request } = isolate();
    const leave = () => {
      telemetry.request(REQUEST);
      telemetry.log(LOG);
      telemetry.report({ kind: "policy", version: 1, source: "kv" });
    };
    expect(request(leave, "")).toEqual([]);
    expect(request(() => {})).toEqual([]);
  });
});

describe("bounds and losses", () => {
  it("1,000 log records are kept; what is over is counted, and the count is exported", async () => {
    const { telemetry, request, moveMs } = isolate();
    const before = exportCounts().dropped.logs;
    const kept = request(() => {
      for (let log = 0; log < 1_234; log++) telemetry.log(LOG);
      telemetry.request(REQUEST);
    });
    expect(exportCounts().dropped.logs - before).toBe(234);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(backend.logs).toHaveLength(1_000);
    expect(countOf("spillway.telemetry.dropped")).toBeGreaterThanOrEqual(234);
  });

  it("a refused export loses its points, and the next one that is taken says so, once", async () => {
    const { counted, moveMs } = isolate();
    const flush = async (status: number) => {
      backend.status = status;
      backend.metrics = [];
      const kept = counted();
      await moveMs(5_000);
      await Promise.all(kept);
      return { requests: countOf("spillway.requests"), dropped: countOf("spillway.telemetry.dropped") };
    };
    await flush(200); // tells what other tests have lost
    const before = exportCounts().dropped.metrics;
    await flush(400);
    await flush(503);
    const lost = exportCounts().dropped.metrics - before;
    expect(lost).toBeGreaterThan(0);
    expect(await flush(200)).toEqual({ requests: 1, dropped: lost });
    expect(await flush(200)).toEqual({ requests: 1, dropped: 0 });
  });
});
