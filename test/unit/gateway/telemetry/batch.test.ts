/** With a clock that the test moves: a wait ends when the test ends it, and a cancelled request is one whose wait never ends. */
import { describe, expect, it, vi } from "vitest";
import type { LogMessage, MetricMessage, Requests } from "../../../../formats/otlp/messages.ts";
import { otlpSettings } from "../../../../formats/otlp/settings.ts";
import { Batch, type LogEntry } from "../../../../gateway/telemetry/batch.ts";
import { Exporter } from "../../../../gateway/telemetry/exporter.ts";
import { INSTRUMENTS } from "../../../../gateway/telemetry/instruments.ts";
import { LOG_EVENTS } from "../../../../gateway/telemetry/log-events.ts";
import type { Meter } from "../../../../gateway/telemetry/meter.ts";

const REQUEST = (meter: Meter) => meter.add(INSTRUMENTS.requests, 1, {});
const LOAD = (meter: Meter) => meter.add(INSTRUMENTS.edgeLoads, 1, { "spillway.edge.result": "ready" });
const LOG: LogEntry = {
  event: LOG_EVENTS.policy,
  severity: "INFO",
  sentence: "policy version 1 is in force",
  attributes: { "spillway.policy.version": 1, "url.full": "http://not.allowed" },
};

function isolate() {
  const backend = { status: 200, logs: [] as LogMessage[], metrics: [] as MetricMessage[], posts: [] as string[] };
  let nowMs = 1_000_000;
  let waits: { untilMs: number; end: () => void }[] = [];
  const clock = {
    nowMs: () => nowMs,
    // The exporter's wait of 1 ms, which lets the response leave, is over at once.
    wait: (ms: number) =>
      ms <= 1 ? Promise.resolve() : new Promise<void>((end) => waits.push({ untilMs: nowMs + ms, end })),
  };
  const exporter = new Exporter({
    clock,
    fetch: async (url, init) => {
      backend.posts.push(new URL(String(url)).pathname);
      const body: Partial<Requests["logs"] & Requests["metrics"]> = JSON.parse(String(init?.body));
      if (backend.status !== 200) return new Response(null, { status: backend.status });
      backend.logs.push(...(body.resourceLogs?.[0]?.scopeLogs[0]?.logRecords ?? []));
      backend.metrics.push(...(body.resourceMetrics?.[0]?.scopeMetrics[0]?.metrics ?? []));
      return new Response();
    },
  });
  const batch = new Batch({ clock, exporter, resource: [] });
  batch.addGauges((to) => to.set(INSTRUMENTS.policyVersion, 7, {}));
  /** Returns the work that the request was kept alive for. */
  const request = (work: () => void, endpoint = "http://backend.test") => {
    const kept: Promise<unknown>[] = [];
    const otlp = otlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    batch.during({ otlp, keepAlive: (promise) => kept.push(promise) }, work);
    return kept;
  };
  return {
    batch,
    exporter,
    backend,
    request,
    counted: () => request(() => batch.count(REQUEST)),
    /** Ends every request: what waits now never continues. */
    cancel: () => {
      waits = [];
    },
    async moveMs(ms: number) {
      nowMs += ms;
      const due = waits.filter(({ untilMs }) => untilMs <= nowMs);
      waits = waits.filter(({ untilMs }) => untilMs > nowMs);
      for (const { end } of due) end();
    },
    countOf: (name: string) =>
      backend.metrics.reduce((sum, metric) => {
        const points = metric.name === name && "sum" in metric ? metric.sum.dataPoints : [];
        return points.reduce((total, { asDouble }) => total + asDouble, sum);
      }, 0),
  };
}

describe("log records and metrics", () => {
  it("are sent by the first request that adds any, in one export of each signal, 5 s later", async () => {
    const { batch, request, counted, moveMs, backend, countOf } = isolate();
    const kept = request(() => {
      batch.count(REQUEST);
      batch.log(LOG);
    });
    expect(kept).toHaveLength(1);
    await moveMs(4_000);
    expect(counted()).toEqual([]);
    expect(backend.posts).toEqual([]);
    await moveMs(1_000);
    await Promise.all(kept);
    expect(backend.posts.toSorted()).toEqual(["/v1/logs", "/v1/metrics"]);
    expect(countOf("spillway.requests")).toBe(2);
    expect(backend.logs).toMatchObject([
      {
        eventName: "spillway.policy",
        timeUnixNano: "1000000000000",
        body: { stringValue: "policy version 1 is in force" },
        attributes: [{ key: "spillway.policy.version", value: { intValue: "1" } }],
      },
    ]);
  });

  it("after an export are sent by the next request, and the times of exports are contiguous", async () => {
    const { counted, moveMs, backend, countOf } = isolate();
    for (const flush of [1, 2, 3]) {
      const kept = counted();
      await moveMs(5_000);
      await Promise.all(kept);
      expect(countOf("spillway.requests")).toBe(flush);
    }
    const times = backend.metrics.flatMap((metric) =>
      metric.name === "spillway.requests" && "sum" in metric ? metric.sum.dataPoints : [],
    );
    expect(times.slice(1).map(({ startTimeUnixNano }) => startTimeUnixNano)).toEqual(
      times.slice(0, -1).map(({ timeUnixNano }) => timeUnixNano),
    );
  });

  it("of background work, after the request's flush, are sent by another flush", async () => {
    const { batch, request, counted, moveMs, backend, countOf } = isolate();
    const loaded = Promise.withResolvers<void>();
    const kept = request(() => {
      batch.count(REQUEST);
      void loaded.promise.then(() => {
        batch.count(LOAD);
        batch.log({ ...LOG, event: LOG_EVENTS.edgeLoad });
      });
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

  it("are sent by a later request, 8 s after a flush began that was cancelled with its request", async () => {
    const { counted, cancel, moveMs, countOf } = isolate();
    counted();
    cancel();
    await moveMs(7_999);
    expect(counted()).toEqual([]);
    await moveMs(1);
    const kept = counted();
    expect(kept).toHaveLength(1);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(countOf("spillway.requests")).toBe(3);
  });

  it("are sent by a request that adds nothing itself, as a probe", async () => {
    const { request, counted, cancel, moveMs, countOf } = isolate();
    counted();
    cancel();
    await moveMs(8_000);
    const kept = request(() => {});
    expect(kept).toHaveLength(1);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(countOf("spillway.requests")).toBe(1);
    expect(request(() => {})).toEqual([]);
  });

  it("are not kept where no backend is configured", async () => {
    const { batch, request } = isolate();
    const add = () => {
      batch.count(REQUEST);
      batch.log(LOG);
    };
    expect(request(add, "")).toEqual([]);
    expect(request(() => {})).toEqual([]);
  });
});

describe("bounds and losses", () => {
  it("1,000 log records are kept; those over the bound are counted, and the count is exported", async () => {
    const { batch, exporter, request, moveMs, backend, countOf } = isolate();
    const kept = request(() => {
      for (let log = 0; log < 1_234; log++) batch.log(LOG);
      batch.count(REQUEST);
    });
    expect(exporter.counts().dropped.logs).toBe(234);
    await moveMs(5_000);
    await Promise.all(kept);
    expect(backend.logs).toHaveLength(1_000);
    expect(countOf("spillway.telemetry.dropped")).toBe(234);
  });

  it("a refused export loses its points, and the next one that is accepted reports the loss, once", async () => {
    const { exporter, counted, moveMs, backend, countOf } = isolate();
    const flush = async (status: number) => {
      backend.status = status;
      backend.metrics = [];
      const kept = counted();
      await moveMs(5_000);
      await Promise.all(kept);
      return { requests: countOf("spillway.requests"), dropped: countOf("spillway.telemetry.dropped") };
    };
    await flush(400);
    await flush(503);
    const lost = exporter.counts().dropped.metrics;
    expect(lost).toBeGreaterThan(0);
    expect(exporter.counts().failedExports).toBe(2);
    expect(await flush(200)).toEqual({ requests: 1, dropped: lost });
    expect(await flush(200)).toEqual({ requests: 1, dropped: 0 });
  });

  it("are those of one exporter: another one counts separately", async () => {
    const [one, other] = [isolate(), isolate()];
    one.backend.status = 503;
    const kept = one.counted();
    await one.moveMs(5_000);
    await Promise.all(kept);
    expect(one.exporter.counts().failedExports).toBe(1);
    expect(other.exporter.counts().failedExports).toBe(0);
  });
});
