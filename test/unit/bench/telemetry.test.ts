import { describe, expect, it } from "vitest";
import { growth, heldBytes } from "../../../bench/telemetry/growth.ts";
import { telemetryResult, type Way } from "../../../bench/telemetry/report.ts";

const MIB = 2 ** 20;
const usage = (usedMiB: number) => ({
  usedSize: usedMiB * MIB,
  totalSize: 64 * MIB,
  embedderHeapUsedSize: 0,
  backingStorageSize: 0,
});
const cell = (side: Way["name"], callerMs: readonly number[]) => ({
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

describe("what telemetry adds", () => {
  it("is the difference to the gateway that exports nothing", () => {
    expect(result(50_000, 13).ways.map(({ addedMs }) => addedMs)).toEqual([
      { p50: 0, p95: 0 },
      { p50: 1, p95: 3 },
    ]);
  });

  it("may not grow with the requests, which is judged only where V8 has collected often enough to tell", () => {
    expect(result(50_000, 14)).toMatchObject({ growthBytesPerRequest: 23.3, problem: null });
    expect(result(50_000, 16).problem).toMatch(/^The isolate grew by 69.9 bytes a request/);
    expect(result(3000, 32).problem).toBeNull();
  });
});

describe("a heap over many requests", () => {
  it("is read at its lowest within each tenth", async () => {
    const readings = [20, 30, 14, 30, 25, 13];
    let reading = 0;
    const heapUsage = async () => usage(readings[reading++ % readings.length] ?? 0);
    const floors = await growth({ heapUsage }, 1000, async () => ({ status: 200 }));
    expect(floors.map(({ requests }) => requests)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    for (const floor of floors) expect(heldBytes(floor.usage)).toBe(13 * MIB);
  });

  it("is not measured over requests that were not answered", async () => {
    const sent = growth({ heapUsage: async () => usage(1) }, 100, async () => ({ status: 503 }));
    await expect(sent).rejects.toThrow(/was answered 503/);
  });
});
