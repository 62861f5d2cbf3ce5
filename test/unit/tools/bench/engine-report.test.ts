import { describe, expect, it } from "vitest";
import { engineResult } from "../../../../tools/bench/engine/report.ts";
import { measureRunners, type Runner } from "../../../../tools/bench/engine/runners.ts";

describe("the result of the bench engine", () => {
  const samples = { engine: [30, 33, 40], stock: [120, 100, 110], nativeInt8: [25, 26, 27], nativeFp32: [60, 61, 62] };
  const { lengths } = engineResult({
    model: "m",
    times: [{ tokens: 128, samples }],
    multiplyAdds: () => 1.5e9,
    accuracy: [],
    parts: [],
    load: { engine: { callerMs: 1, heapBytes: 1 }, stock: { callerMs: 1, heapBytes: 1 } },
  });

  it("gives minima, medians, and ratios of minima", () => {
    expect(lengths).toEqual([
      expect.objectContaining({
        tokens: 128,
        engineMs: 30,
        engineMsP50: 33,
        stockMs: 100,
        stockMsP50: 110,
        engineOverStock: 0.3,
        engineOverStockP50: 0.3,
        engineOverNativeInt8: 1.2,
      }),
    ]);
  });

  it("counts multiply-adds per second of the fastest run", () => {
    expect(lengths[0]?.gmacPerSecond).toBe(50);
  });
});

describe("the measurement of several runners", () => {
  it("alternates them within each round and turns the order around", async () => {
    const order: string[] = [];
    const runner =
      (name: string): Runner =>
      (_ids, runs) => {
        order.push(`${name} ${runs}`);
        return Promise.resolve({ logits: [], runMs: 50 });
      };
    const inputs = [[1, 2, 3]];
    const times = await measureRunners({ a: runner("a"), b: runner("b") }, inputs, 3);
    expect(order.slice(-6)).toEqual(["a 2", "b 2", "b 2", "a 2", "a 2", "b 2"]);
    expect(times).toEqual([{ tokens: 3, samples: { a: [50, 50, 50], b: [50, 50, 50] } }]);
  });
});
