import { describe, expect, it } from "vitest";
import { type Measured, overheadReport } from "../../../../tools/bench/overhead/report.ts";

const CONTEXT = { model: "mail-tagger@1", connections: 16, limiter: "memory", withLedger: true } as const;
const side = (name: Measured["name"], timesMs: number[], perSecond: number[], cpuMs: number[] = []): Measured => ({
  name,
  timesMs,
  perSecond,
  cpuMs,
});
const BARE = side("bare Worker", [9, 8, 30], [200, 100, 300]);

describe("the overhead", () => {
  it("is the difference of the medians, and the median of the rounds' ratios", () => {
    // The second round was slow for both sides: its ratio is like the others.
    const gateway = side("gateway", [10, 9, 31], [180, 90, 261]);
    const { result, problem } = overheadReport([BARE, gateway], CONTEXT);
    expect(result).toMatchObject({ addedP50Ms: 1, requestsOverBare: 0.9, portkeyAddedP50Ms: null, withLedger: true });
    expect(problem).toBeNull();
  });

  it("of Portkey is over a direct call", () => {
    const sides = [BARE, side("gateway", [9], [200]), side("direct", [0.3], [3000]), side("Portkey", [4.1], [400])];
    expect(overheadReport(sides, CONTEXT).result).toMatchObject({ portkeyAddedP50Ms: 3.8 });
  });

  it("of a variant is over the same bare Worker, the ledger's over the gateway without one; null without --variants", () => {
    const whole = [BARE, side("gateway", [11], [140, 70, 210])];
    const tenth = side("gateway, 10 % of traces", [10], [150, 75, 225]);
    const { result } = overheadReport([...whole, tenth, side("gateway, no ledger", [10.9], [150])], CONTEXT);
    expect(result).toMatchObject({
      sampled10Percent: { addedP50Ms: 1, requestsOverBare: 0.75 },
      ledgerAddedP50Ms: 0.1,
    });
    expect(overheadReport(whole, CONTEXT).result).toMatchObject({
      sampled10Percent: { addedP50Ms: null, requestsOverBare: null },
      ledgerAddedP50Ms: null,
    });
  });

  it("in CPU time is the median of the rounds' differences; null where the system does not report it", () => {
    const bare = side("bare Worker", [9], [200], [4, 8, 6]);
    const sides = [
      bare,
      side("gateway", [9], [200], [5, 9.5, 7.2]),
      side("gateway, no ledger", [9], [200], [5, 9.4, 7.1]),
    ];
    expect(overheadReport(sides, CONTEXT).result).toMatchObject({ addedCpuMs: 1.2, ledgerAddedCpuMs: 0.1 });
    expect(overheadReport([BARE, side("gateway", [9], [200])], CONTEXT).result).toMatchObject({ addedCpuMs: null });
  });

  it("beyond a goal is reported with the goal", () => {
    const { problem } = overheadReport([BARE, side("gateway", [11.6], [140, 70, 210])], CONTEXT);
    expect(problem).toBe(
      "Goals missed: the gateway adds 2.6 ms (p50); the goal is 1.5; it serves 0.7 of the bare Worker's requests per second; the goal is 0.85.",
    );
  });
});
