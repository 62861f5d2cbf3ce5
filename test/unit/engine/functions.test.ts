/** e^x, erf, tanh and GELU: within their stated errors, with coefficients that the project's own script fits. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitErf, fitExp, printCoefficients } from "../../../engine/build/fit-coefficients.ts";
import { errorAt, fitMinimax } from "../../../engine/build/minimax.ts";
import { ACTIVATIONS, type Activation } from "../../../engine/format/architecture.ts";
import { activationCode } from "../../../engine/kernels.ts";
import { ACTIVATION_FUNCTIONS } from "../../../engine/reference/functions.ts";
import { KernelBench } from "../../support/engine.ts";

const bench = new KernelBench();
const POINTS = 40_000;

/** The kernel's values over a range, and the true ones. */
function sample(
  activation: Activation,
  from: number,
  to: number,
): { x: Float32Array; computed: Float32Array; expected: number[] } {
  bench.reset();
  const x = Float32Array.from({ length: POINTS }, (_, index) => from + ((to - from) * index) / (POINTS - 1));
  const at = bench.floats(x);
  bench.kernels.activateRow(at, POINTS, activationCode(activation));
  return { x, computed: bench.readFloats(at, POINTS), expected: [...x].map(ACTIVATION_FUNCTIONS[activation]) };
}

describe("activations", () => {
  it.each([
    ["gelu-erf", 3e-7],
    ["gelu-tanh", 3e-7],
    ["tanh", 3e-7],
    ["relu", 0],
    ["none", 0],
  ] as const)("%s is within %f of the true value for |x| ≤ 1, and within %f · |x| beyond", (activation, allowed) => {
    for (const limit of [1, 8, 40]) {
      const { x, computed, expected } = sample(activation, -limit, limit);
      const errors = expected.map(
        (value, index) => Math.abs(value - (computed[index] ?? Number.NaN)) / Math.max(1, Math.abs(x[index] ?? 0)),
      );
      expect(Math.max(...errors)).toBeLessThanOrEqual(allowed);
    }
  });

  it.each(ACTIVATIONS)("%s of the largest numbers is finite", (activation) => {
    bench.reset();
    const x = Float32Array.of(3e38, -3e38, 1e20, -1e20, 0, -0, 1e-38, -1e-38);
    const at = bench.floats(x);
    bench.kernels.activateRow(at, x.length, activationCode(activation));
    const stored = bench.readFloats(at, x.length);
    expect([...stored].every(Number.isFinite)).toBe(true);
    expect((stored[0] ?? 0) / (activation === "tanh" ? 1 : 3e38)).toBeCloseTo(1, 6);
  });
});

describe("e^x", () => {
  it("is within 1e-6 of the true value, relatively, as attention uses it", () => {
    // One query of one dimension times keys gives scores 0 to −20; the weights' ratio is e^score.
    for (let index = 0; index <= 200; index++) {
      bench.reset();
      const score = Math.fround(-index / 10);
      const floats = (length: number, values: Record<number, number>) =>
        bench.floats(Float32Array.from({ length }, (_, at) => values[at] ?? 0));
      const q = floats(256, { 0: 1 });
      // Two keys of 16 dimensions: [dimension][4 keys].
      const k = floats(64, { 1: score });
      const v = floats(256, { 0: 1, 9: 1 });
      const [context, scratch] = [bench.reserve(64), bench.reserve(1024)];
      bench.kernels.attention(q, k, v, 512, 2, 1, context, 64, 2, scratch);
      const [first = 0, second = 0] = bench.readFloats(context, 2);
      expect(Math.abs(second / first / Math.exp(score) - 1)).toBeLessThan(1e-6);
    }
  });
});

describe("the coefficients", () => {
  it("are what engine/build/fit-coefficients.ts prints", () => {
    const printed = readFileSync(new URL("../../../engine/coefficients.ts", import.meta.url), "utf8");
    expect(printCoefficients(fitExp(), fitErf())).toBe(printed);
  });

  it("leave the errors that the file states", () => {
    expect(fitExp().largestError).toBeLessThanOrEqual(1.4e-7);
    expect(fitErf().largestError).toBeLessThanOrEqual(7e-8);
  });

  it("are minimax: the error of an unrounded fit alternates between equal peaks", () => {
    const target = { ...fitExp().target };
    const ratio = fitMinimax(target, { numerator: 3, denominator: 0 });
    const errors = Array.from({ length: 4001 }, (_, index) =>
      errorAt(target, ratio, target.from + ((target.to - target.from) * index) / 4000),
    );
    const largest = Math.max(...errors.map(Math.abs));
    const peaks = errors.filter((error, index) => {
      const [before = 0, after = 0] = [errors[index - 1], errors[index + 1]].map((one) => Math.abs(one ?? 0));
      return Math.abs(error) >= before && Math.abs(error) > after && Math.abs(error) > largest * 0.99;
    });
    expect(peaks.length).toBe(5);
    expect(peaks.every((peak, index) => index === 0 || Math.sign(peak) !== Math.sign(peaks[index - 1] ?? 0))).toBe(
      true,
    );
  });
});
