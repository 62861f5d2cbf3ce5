/** The calls that are simulated, from a log. */
import { describe, expect, it } from "vitest";
import { assumptionsOf, valuesOf } from "../../../../../tools/spillway/plan/assumptions.ts";
import { UNKNOWN_CALL } from "../../../../../tools/spillway/plan/input/call.ts";
import { knownOf, workloadOf } from "../../../../../tools/spillway/plan/simulate/workload.ts";
import { log } from "./log.ts";

describe("the simulated calls", () => {
  it("repeats few arrivals as a whole, a mean gap apart: what is drawn for each call is no small sample too", () => {
    const known = knownOf(log(300, 1000));
    const values = valuesOf(assumptionsOf(new Map()), { "requests-per-month": known.perMonth ?? 0 });
    const { n, atMs, runMs, independent } = workloadOf(known, values, { seed: 1, most: 1e6 });
    expect([n % 300, n >= 20_000, independent]).toEqual([0, true, 300]);
    expect([...atMs.subarray(298, 302)]).toEqual([298_000, 299_000, 300_000, 301_000]);
    expect(runMs[301]).toBe(runMs[1]);
  });

  it("stretches a log's arrivals to the number of requests of the month", () => {
    const known = knownOf(log(100, 1000));
    const values = valuesOf(assumptionsOf(new Map([["requests-per-month", { value: 2_629_800 / 2, source: "" }]])));
    expect(workloadOf(known, values, { seed: 1, most: 100 }).atMs[1]).toBeCloseTo(2000, 0);
  });

  it("takes slow calls for long texts, with lengths of a file of texts", () => {
    const inputs = log(400, 1000);
    for (let tokens = 1; tokens <= 100; tokens++) inputs.texts.add({ ...UNKNOWN_CALL, tokens });
    const values = valuesOf(assumptionsOf(new Map([["length-explains-time", { value: 1, source: "" }]])));
    const { runMs, tokens } = workloadOf(knownOf(inputs), values, { seed: 1, most: 400 });
    const slowest = runMs.indexOf(Math.max(...runMs));
    const fastest = runMs.indexOf(Math.min(...runMs));
    expect(tokens[slowest]).toBeGreaterThan(95);
    expect(tokens[fastest]).toBeLessThan(5);
  });
});
