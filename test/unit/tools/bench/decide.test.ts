import { describe, expect, it } from "vitest";
import { decideCases } from "../../../../tools/bench/decide/cases.ts";
import { decideBench, timeCase } from "../../../../tools/bench/decide/decide.ts";

describe("timing", () => {
  it("counts only operations that ran, on changing inputs", () => {
    const indexes = new Set<number>();
    let done = 0;
    const once = (index: number) => {
      indexes.add(index);
      done += 1;
      return 1;
    };
    const { opsPerRound, nsPerOp, opsPerSecond } = timeCase({ name: "a", about: "b", once }, { rounds: 3, roundMs: 1 });
    expect(done).toBeGreaterThanOrEqual(3 * opsPerRound);
    expect(indexes.size).toBeGreaterThanOrEqual(opsPerRound);
    expect(nsPerOp.min).toBeLessThanOrEqual(nsPerOp.p50);
    expect(nsPerOp.p50).toBeLessThanOrEqual(nsPerOp.max);
    expect(opsPerSecond).toBeGreaterThan(0);
  });

  it("fails if an operation gives no number, because then nothing was computed", () => {
    const once = () => Number.NaN;
    expect(() => timeCase({ name: "a", about: "b", once }, { rounds: 1, roundMs: 1 })).toThrow("no number");
  });
});

describe("the cases", () => {
  const cases = new Map(decideCases().map((one) => [one.name, one]));
  const lengthOf = (side: string, because: string) => side.length + because.length;

  it.each([
    ["decide, typical", lengthOf("edge", "within-share")],
    ["decide, anonymous", lengthOf("edge", "within-share")],
    ["decide, worst", lengthOf("edge", "within-share")],
    ["decide, 1 MiB", lengthOf("origin", "too-long")],
    ["parsePolicy, default", 512],
    ["parsePolicy, full", 256],
    ["parsePolicy, worst", 256],
  ])("%s computes what its name states", (name, result) => {
    expect([0, 1, 2, 300].map((index) => cases.get(name)?.once(index))).toEqual([result, result, result, result]);
  });

  it("are all in the table and in the JSON", async () => {
    const { result, tables } = await decideBench.run({ rounds: "1", "round-ms": "1" });
    expect(tables[0]?.rows.map(([name]) => name)).toEqual([...cases.keys()]);
    expect(result).toMatchObject({ rounds: 1, timings: [...cases.keys()].map((name) => ({ name })) });
  });
});
