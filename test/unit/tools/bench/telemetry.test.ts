import { describe, expect, it } from "vitest";
import { heapUsageBytes } from "../../../../tools/bench/memory/inspector.ts";
import { growth, type Step } from "../../../../tools/bench/telemetry/growth.ts";
import { type TelemetryMode, telemetryResult } from "../../../../tools/bench/telemetry/report.ts";

const MIB = 2 ** 20;
const usage = (usedMiB: number) => ({
  usedSize: usedMiB * MIB,
  totalSize: 64 * MIB,
  embedderHeapUsedSize: 0,
  backingStorageSize: 0,
});
const cell = (side: TelemetryMode["name"], callerMs: readonly number[]) => ({
  side,
  tokens: 8,
  good: callerMs.map((ms) => ({ status: 200, route: "edge", because: null, callerMs: ms, gatewayMs: { total: 5 } })),
  others: [],
});
const result = (requests: number, lastMiB: number) =>
  telemetryResult({
    model: "m",
    cells: [cell("off", [10, 20]), cell("100 %", [11, 23])],
    heap: [
      { requests: requests / 10, usage: usage(13) },
      { requests, usage: usage(lastMiB) },
    ],
    requests,
    received: { traces: requests, logs: 1, metrics: 1 },
  });

describe("the time that telemetry adds", () => {
  it("is the difference to the gateway that exports nothing", () => {
    expect(result(50_000, 13).modes.map(({ addedMs }) => addedMs)).toEqual([
      { p50: 0, p95: 0 },
      { p50: 1, p95: 3 },
    ]);
  });

  it("may not grow the heap with the requests, which is judged only after enough of them", () => {
    expect(result(50_000, 13.25)).toMatchObject({ growthBytesPerRequest: 5.8, problem: null });
    expect(result(50_000, 14).problem).toMatch(/^The isolate grew by 23.3 bytes per request/);
    expect(result(3000, 32).problem).toBeNull();
  });
});

const silentStep: Step = (_, work) => work();

describe("the heap over many requests", () => {
  it("is read after a garbage collection, at the end of each tenth", async () => {
    const sent = [0];
    const collectedHeapUsage = async () => usage(sent[0] ?? 0);
    const readings = await growth({ collectedHeapUsage }, 1000, silentStep, async (request) => {
      sent[0] = Math.max(sent[0] ?? 0, request + 1);
      return { status: 200 };
    });
    expect(readings.map(({ requests }) => requests)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    for (const { requests, usage } of readings) expect(heapUsageBytes(usage)).toBe(requests * MIB);
  });

  it("is not measured if a request fails", async () => {
    const sent = growth({ collectedHeapUsage: async () => usage(1) }, 100, silentStep, async () => ({ status: 503 }));
    await expect(sent).rejects.toThrow(/was answered 503/);
  });
});
