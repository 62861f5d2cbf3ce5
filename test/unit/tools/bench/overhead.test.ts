import { describe, expect, it } from "vitest";
import { medianOf, takePairs } from "../../../../tools/bench/overhead/ledger-pairs.ts";
import { type Measured, overheadReport } from "../../../../tools/bench/overhead/report.ts";

const CONTEXT = {
  model: "mail-tagger@1",
  connections: 16,
  originMs: 50,
  limiter: "memory",
  withLedger: true,
  ledger: null,
} as const;
const side = (name: Measured["name"], timesMs: number[], perSecond: number[], cpuMs: number[] = []): Measured => ({
  name,
  timesMs,
  perSecond,
  slowPerSecond: perSecond.map((each) => each / 2 + 50),
  cpuMs,
});
const BARE = side("bare Worker", [9, 8, 30], [200, 100, 300]);

describe("the overhead", () => {
  it("is the difference of the medians, and the median of the rounds' ratios", () => {
    // The second round was slow for both sides: its ratio is like the others.
    const gateway = side("gateway", [10, 9, 31], [180, 90, 261]);
    const { result, problem } = overheadReport([BARE, gateway], CONTEXT);
    expect(result).toMatchObject({ addedP50Ms: 1, requestsOverBare: 0.9, portkeyAddedP50Ms: null, withLedger: true });
    // 140 of 150, 95 of 100, 180.5 of 200.
    expect(result).toMatchObject({ slowOrigin: { originMs: 50, requestsOverBare: 0.93 } });
    expect(problem).toBeNull();
  });

  it("of Portkey is over a direct call", () => {
    const sides = [BARE, side("gateway", [9], [200]), side("direct", [0.3], [3000]), side("Portkey", [4.1], [400])];
    expect(overheadReport(sides, CONTEXT).result).toMatchObject({ portkeyAddedP50Ms: 3.8 });
  });

  it("of a variant is over the same bare Worker; null without --variants", () => {
    const whole = [BARE, side("gateway", [11], [140, 70, 210])];
    const tenth = side("gateway, 10 % of traces", [10], [150, 75, 225]);
    const { result } = overheadReport([...whole, tenth], CONTEXT);
    expect(result).toMatchObject({ sampled10Percent: { addedP50Ms: 1, requestsOverBare: 0.75 } });
    expect(overheadReport(whole, CONTEXT).result).toMatchObject({
      sampled10Percent: { addedP50Ms: null, requestsOverBare: null },
      ledgerAddedP50Ms: null,
      ledgerAddedP50Interval: null,
    });
  });

  it("of the ledger is the median of the groups' differences, with its interval; beyond its goal it is reported", () => {
    const sides = [BARE, side("gateway", [9], [200])];
    const ledger = { p50Ms: [0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 9], cpuMs: [0.02, 0.02, 0.02] };
    const { result, problem, tables } = overheadReport(sides, { ...CONTEXT, ledger });
    expect(result).toMatchObject({ ledgerAddedP50Ms: 0.04, ledgerAddedP50Interval: [0.04, 0.04] });
    expect(result).toMatchObject({ ledgerAddedCpuMs: 0.02, ledgerAddedCpuInterval: [0.02, 0.02] });
    expect(tables.at(-1)?.rows).toContainEqual(["p50", "0.04 ms (0.04 to 0.04)"]);
    expect(problem).toBeNull();
    const slow = overheadReport(sides, { ...CONTEXT, ledger: { p50Ms: [0.2], cpuMs: [] } });
    expect(slow.problem).toBe("Goals missed: the ledger adds 0.2 ms (0.2 to 0.2) (p50); the goal is 0.1.");
    expect(slow.result).toMatchObject({ ledgerAddedCpuMs: null });
  });

  it("in CPU time is the median of the rounds' differences; null where the system does not report it", () => {
    const bare = side("bare Worker", [9], [200], [4, 8, 6]);
    const sides = [bare, side("gateway", [9], [200], [5, 9.5, 7.2])];
    expect(overheadReport(sides, CONTEXT).result).toMatchObject({ addedCpuMs: 1.2 });
    expect(overheadReport([BARE, side("gateway", [9], [200])], CONTEXT).result).toMatchObject({ addedCpuMs: null });
  });

  it("beyond a goal is reported with the goal", () => {
    const { problem } = overheadReport([BARE, side("gateway", [11.6], [140, 70, 210])], CONTEXT);
    expect(problem).toBe(
      "Goals missed: the gateway adds 2.6 ms (p50); the goal is 1.5; it serves 0.7 of the bare Worker's requests per second; the goal is 0.85.",
    );
  });
});

describe("the comparison with and without a ledger", () => {
  it("is not affected by a machine that gets slower: the blocks of a group are in the order ABBA", async () => {
    let blocks = 0;
    const block = (ms: number) => async () => ({ p50Ms: ms + blocks++, cpuMs: 2 * ms + blocks });
    const { p50Ms, cpuMs } = await takePairs(block(1.5), block(1), 3);
    expect(p50Ms).toEqual([0.5, 0.5, 0.5]);
    expect(cpuMs).toEqual([1, 1, 1]);
  });

  it("has no CPU time where the system reports none", async () => {
    const block = async () => ({ p50Ms: 1, cpuMs: null });
    expect(await takePairs(block, block, 2)).toEqual({ p50Ms: [0, 0], cpuMs: [] });
  });

  it("states an interval that holds the median, and is the same for the same values", () => {
    const values = Array.from({ length: 200 }, (_, index) => (index % 40) / 100);
    const median = medianOf(values);
    expect(median).toEqual(medianOf(values));
    expect(median?.value).toBeCloseTo(0.195, 1);
    expect(median?.low).toBeGreaterThan(0.14);
    expect(median?.high).toBeLessThan(0.25);
    expect(medianOf([])).toBeNull();
  });
});
