/** The simulated sides: Lambda's instances, isolates, and texts through the gateway's own code. */
import { describe, expect, it } from "vitest";
import { assumptionsOf, type Values, valuesOf } from "../../../../../tools/spillway/plan/assumptions.ts";
import { Instances } from "../../../../../tools/spillway/plan/simulate/instances.ts";
import { replayIsolates } from "../../../../../tools/spillway/plan/simulate/isolates.ts";
import { replayLambda, replayProvisioned } from "../../../../../tools/spillway/plan/simulate/lambda.ts";
import { basisPoints, simulateShare } from "../../../../../tools/spillway/plan/simulate/share.ts";
import type { Workload } from "../../../../../tools/spillway/plan/simulate/workload.ts";

const MINUTE = 60_000;
const values = (replaced: Partial<Values> = {}) => valuesOf(assumptionsOf(new Map()), replaced);
const workload = (atMs: number[], bent: Partial<Record<"tokens" | "runMs" | "initMs", number>> = {}): Workload => ({
  n: atMs.length,
  atMs: Float64Array.from(atMs),
  tokens: new Float32Array(atMs.length).fill(bent.tokens ?? 100),
  runMs: new Float32Array(atMs.length).fill(bent.runMs ?? 500),
  initMs: new Float32Array(atMs.length).fill(bent.initMs ?? 2000),
  independent: atMs.length,
});
const every = (ms: number, n: number) => Array.from({ length: n }, (_, index) => index * ms);

describe("Lambda's instances", () => {
  it("serve one call each; a call that finds none idle waits for a new one", () => {
    const instances = new Instances(10 * MINUTE);
    expect(instances.call(0, 500, 2000)).toBe(true);
    expect(instances.call(100, 500, 2000)).toBe(true);
    // The first one is busy until 2,500 ms: INIT and run.
    expect(instances.call(2499, 500, 2000)).toBe(true);
    expect(instances.call(2600, 500, 2000)).toBe(false);
  });

  it("end ten minutes after their last call; the newest serves first, so the others end", () => {
    const instances = new Instances(10 * MINUTE);
    instances.call(0, 500, 0);
    instances.call(0, 500, 0);
    // One call a minute keeps one of the two.
    for (let minute = 1; minute <= 11; minute++) expect(instances.call(minute * MINUTE, 500, 0)).toBe(false);
    instances.call(11.5 * MINUTE, 60 * MINUTE, 0);
    expect(instances.hasIdle(11.6 * MINUTE)).toBe(false);
  });

  it("are as many as the busiest moment needs", () => {
    const instances = new Instances(10 * MINUTE);
    for (let call = 0; call < 5; call++) instances.call(call, 500, 0);
    expect(instances.busy(10)).toBe(5);
    expect(instances.busy(600)).toBe(0);
  });
});

describe("Lambda as it is", () => {
  it("makes a call wait after ten idle minutes, and bills the INIT with the run", () => {
    const { waited, meanBilledMs, times } = replayLambda(workload([0, 1000, 5000, 12 * MINUTE]), values());
    // The first three find the instance of calls before them.
    expect(waited).toBe(1);
    expect(meanBilledMs).toBe((500 + 500 + 500 + 2500) / 4);
    expect(times.n).toBe(4);
  });

  it("begins with the instances of traffic before it: a short replay of much traffic is no series of cold starts", () => {
    const { waited, busyP99 } = replayLambda(workload(every(2, 10_000)), values());
    expect(busyP99).toBeGreaterThan(200);
    expect(waited).toBeLessThan(10);
    // A burst at one moment has no traffic before it.
    expect(replayLambda(workload([0, 0, 0]), values()).waited).toBe(3);
  });

  it("with kept instances waits only where all of them are busy", () => {
    const burst = workload([0, 0, 0, 0]);
    expect(replayProvisioned(burst, values(), 3)).toMatchObject({ waited: 1, spilled: 1 });
    expect(replayProvisioned(burst, values(), 4)).toMatchObject({ waited: 0, spilled: 0 });
  });
});

describe("isolates", () => {
  it("load their model once, and again after the idle time", () => {
    const one = values({ locations: 1, "isolates-per-location": 1, "edge-life-h": 24 });
    const busy = replayIsolates(Float64Array.from(every(30_000, 100)), one, 1);
    expect(busy).toMatchObject({ count: 1, loads: 0 });
    const idle = replayIsolates(Float64Array.from(every(11 * MINUTE, 100)), one, 1);
    expect(idle.loads).toBe(99);
    expect(idle.isCold.reduce((sum, cold) => sum + cold, 0)).toBe(99);
  });

  it("are cold for every text that arrives during the load", () => {
    const one = values({ locations: 1, "isolates-per-location": 1, "load-ms": 2000 });
    const { isCold } = replayIsolates(
      Float64Array.from([0, 11 * MINUTE, 11 * MINUTE + 1999, 11 * MINUTE + 2000]),
      one,
      1,
    );
    expect([...isCold]).toEqual([0, 1, 1, 0]);
  });

  it("end after their life, also while they are busy", () => {
    const one = values({ locations: 1, "isolates-per-location": 1, "edge-life-h": 1 });
    const { loads } = replayIsolates(Float64Array.from(every(10_000, 8640)), one, 1);
    expect(loads).toBeGreaterThanOrEqual(23);
    expect(loads).toBeLessThanOrEqual(24);
  });
});

describe("Spillway at a share", () => {
  const edge = { maxTokens: 256, timeMs: { base: 0, perToken: 1, perTokenSquared: 0 } };
  const at = async (sharePercent: number, given = workload(every(2000, 3000)), replaced: Partial<Values> = {}) => {
    const used = values({ "network-ms": 30, "gateway-cpu-ms": 1, ...replaced });
    const isolates = replayIsolates(given.atMs, used, 1);
    const input = { workload: given, isolates, edge, values: used, sharePercent, seed: 1 };
    return simulateShare({ ...input, points: basisPoints(given.n), mostTexts: 3000 });
  };

  it("gives the arms their part, and each its side's time", async () => {
    const { arms, reasons, originPart } = await at(10);
    expect(arms.inside.n / 3000).toBeCloseTo(0.1, 1);
    expect(originPart).toBeCloseTo(0.9, 1);
    expect(arms.outside.quantileMs(0.5)).toBeCloseTo(531, -1);
    expect(arms.inside.quantileMs(0.5)).toBeCloseTo(101, -1);
    expect(Object.keys(reasons).sort()).toEqual(["edge-cold", "outside-share", "within-share"]);
  });

  it("is the same each time", async () => {
    const [first, again] = [await at(50), await at(50)];
    expect(JSON.stringify([again.reasons, again.edgeCpuMs])).toBe(JSON.stringify([first.reasons, first.edgeCpuMs]));
  });

  it("sends long texts to the origin at every share, as ineligible", async () => {
    const { arms, reasons } = await at(100, workload(every(2000, 100), { tokens: 300 }));
    expect(arms.ineligible.n).toBe(100);
    expect(reasons).toEqual({ "too-long": 100 });
  });

  it("bills a text of a cold isolate at the origin, where it counts for its arm", async () => {
    const rare = workload(every(11 * MINUTE, 200));
    const { reasons, coldPart, arms, originBilledMs, edgeCpuMs } = await at(100, rare, {
      locations: 1,
      "isolates-per-location": 1,
    });
    expect(reasons["edge-cold"]).toBe(199);
    expect(coldPart).toBeCloseTo(199 / 200, 5);
    expect(arms.inside.n).toBe(200);
    // The origin's instance has ended too: INIT and run.
    expect(originBilledMs).toBeCloseTo((199 * 2500) / 200, 5);
    expect(edgeCpuMs).toBeLessThan(1);
  });

  it("spills where an isolate is busy", async () => {
    const { reasons } = await at(100, workload(every(50, 2000)), { locations: 1, "isolates-per-location": 1 });
    expect(reasons["edge-busy"]).toBeGreaterThan(500);
  });
});
