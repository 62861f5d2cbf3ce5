import { describe, expect, it } from "vitest";
import { RunEstimate } from "../../../../gateway/edge/run-estimate.ts";

const model = { base: 10, perToken: 1, perTokenSquared: 0.01 };

describe("RunEstimate", () => {
  it("starts from the package's own measurement", () => {
    expect(new RunEstimate(model).predictedMs(100)).toBe(10 + 100 + 100);
  });

  it("comes to predict what this isolate really takes", () => {
    const estimate = new RunEstimate(model);
    for (let run = 0; run < 40; run++) estimate.observe([100], 420);
    expect(estimate.predictedMs(100)).toBeCloseTo(420, 0);
    for (let run = 0; run < 40; run++) estimate.observe([100], 105);
    expect(estimate.predictedMs(100)).toBeCloseTo(105, 0);
  });

  it("learns nothing from a clock that stood still, and little from one stall", () => {
    const estimate = new RunEstimate(model);
    estimate.observe([100], 0);
    expect(estimate.predictedMs(100)).toBe(210);
    estimate.observe([100], 60_000);
    expect(estimate.predictedMs(100)).toBeLessThan(3 * 210);
  });

  it("texts that run together have the time of one run's base once", () => {
    const estimate = new RunEstimate(model);
    expect(estimate.predictedMs(100, 100)).toBe(10 + 2 * 200);
    for (let run = 0; run < 40; run++) estimate.observe([100, 100], 2 * 410);
    expect(estimate.predictedMs(100)).toBeCloseTo(2 * 210, 0);
    const below = new RunEstimate({ ...model, base: -10 });
    expect(below.predictedMs(100, 100)).toBe(2 * below.predictedMs(100));
  });
});
