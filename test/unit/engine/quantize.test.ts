/** Rows to unsigned 7 bits. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVATIONS } from "../../../engine/format/architecture.ts";
import { activationCode } from "../../../engine/kernels.ts";
import { activated } from "../../../engine/reference/functions.ts";
import { quantizeRow } from "../../../engine/reference/quantized-product.ts";
import { KernelBench } from "../../support/engine.ts";

const bench = new KernelBench();

/** Where row `index` of `rows` rows begins, and how far its next 16 numbers are. */
function placeOf(index: number, rows: number, depth: number): { at: number; step: number } {
  const even = rows + (rows % 2);
  const sixes = even - (even % 6);
  const [group, size] = index < sixes ? [index - (index % 6), 6] : [sixes, even - sixes];
  return { at: group * depth + (index - group) * 16, step: size * 16 };
}

function run(rows: readonly Float32Array[], activation = 0) {
  bench.reset();
  const depth = rows[0]?.length ?? 0;
  const even = rows.length + (rows.length % 2);
  const source = bench.floats(rows.flatMap((row) => [...row]));
  const [packed, facts] = [bench.reserve(even * depth), bench.reserve(even * 8)];
  bench.kernels.quantize(source, depth * 4, 0, rows.length, rows.length, depth, packed, facts, activation);
  return rows.map((_, index) => {
    const { at, step } = placeOf(index, rows.length, depth);
    const q = Array.from({ length: depth / 16 }, (_part, k) => [...bench.readBytes(packed + at + k * step, 16)]).flat();
    return {
      q,
      scale: bench.readFloats(facts + index * 8, 1)[0],
      zeroPoint: -(bench.readIntegers(facts + index * 8 + 4, 1)[0] ?? 0) + 0,
    };
  });
}

/** The f32 next to it, away from zero. */
function nextFloat(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0] ?? 0) + 1;
  return new Float32Array(bits.buffer)[0] ?? 0;
}

const value = fc.oneof(
  fc.float({ min: -100, max: 100, noNaN: true }),
  fc.constantFrom(0, -0, 1e-38, -1e-38, 3e38, 1e-20),
);

describe("quantize", () => {
  it("gives the numbers, scale and zero point of the plain form", () => {
    const rows = fc
      .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 4 }))
      .chain(([count, steps]) =>
        fc.array(fc.array(value, { minLength: steps * 16, maxLength: steps * 16 }), {
          minLength: count,
          maxLength: count,
        }),
      )
      .map((all) => all.map((row) => Float32Array.from(row)));
    fc.assert(
      fc.property(rows, (all) => {
        const expected = all
          .map(quantizeRow)
          .map(({ q, scale, zeroPoint }) => ({ q: [...q], scale, zeroPoint: zeroPoint + 0 }));
        expect(run(all)).toEqual(expected);
      }),
    );
  });

  it("rounds like the plain form where a value lies on the border of two numbers: fused multiply-add would not", () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(0.01), max: 100, noNaN: true }), (range) => {
        const [lowest, highest] = [Math.fround(-range / 3), Math.fround((range * 2) / 3)];
        const step = Math.fround(highest - lowest) / 127;
        const borders = Array.from({ length: 80 }, (_, n) => Math.fround((n - 20.5) * step));
        const row = Float32Array.of(lowest, highest, ...borders, ...borders.map(nextFloat), ...new Array(14).fill(0));
        const { q, scale, zeroPoint } = quantizeRow(row);
        expect(run([row])).toEqual([{ q: [...q], scale, zeroPoint }]);
      }),
    );
  });

  it("never gives a number above 127, not even for infinity or NaN", () => {
    const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1, 3e38, -3e38);
    fc.assert(
      fc.property(fc.array(odd, { minLength: 16, maxLength: 16 }), (values) => {
        for (const row of run([Float32Array.from(values)])) expect(Math.max(...row.q)).toBeLessThanOrEqual(127);
      }),
    );
  });

  it("gives zeros and scale 0 for a row of zeros", () => {
    expect(run([new Float32Array(32)])).toEqual([{ q: new Array(32).fill(0), scale: 0, zeroPoint: 0 }]);
  });

  it.each([1e-31, 1e-38, 1e-45])(
    "gives zeros and scale 0 for a row of numbers around %f, whose reciprocal is infinite",
    (tiny) => {
      const row = Float32Array.from({ length: 16 }, (_, index) => (index % 3) * tiny);
      expect(run([row])).toEqual([{ q: new Array(16).fill(0), scale: 0, zeroPoint: 0 }]);
    },
  );

  it.each(ACTIVATIONS)("applies the activation %s first", (activation) => {
    const row = Float32Array.from({ length: 48 }, (_, index) => (index - 20) / 7);
    const [computed] = run([row], activationCode(activation));
    const expected = quantizeRow(activated(row, activation));
    expect(computed?.scale).toBeCloseTo(expected.scale, 6);
    const steps = [...expected.q].map((q, index) => Math.abs(q - (computed?.q[index] ?? Number.NaN)));
    // A value on the border between two numbers may fall to either side.
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(steps.filter((step) => step !== 0).length).toBeLessThanOrEqual(2);
  });

  it("packs a part of the rows as it packs all", () => {
    const rows = Array.from({ length: 11 }, (_, row) =>
      Float32Array.from({ length: 32 }, (_v, k) => Math.sin(row * 32 + k)),
    );
    run(rows);
    bench.reset();
    const source = bench.floats(rows.flatMap((row) => [...row]));
    const whole = bench.reserve(12 * 32);
    const parts = bench.reserve(12 * 32);
    const facts = [bench.reserve(96), bench.reserve(96)] as const;
    bench.kernels.quantize(source, 128, 0, 11, 11, 32, whole, facts[0], 0);
    bench.kernels.quantize(source, 128, 0, 7, 11, 32, parts, facts[1], 0);
    bench.kernels.quantize(source + 7 * 128, 128, 7, 4, 11, 32, parts, facts[1] + 56, 0);
    expect(bench.readBytes(parts, 12 * 32)).toEqual(bench.readBytes(whole, 12 * 32));
    expect(bench.readBytes(facts[1], 88)).toEqual(bench.readBytes(facts[0], 88));
  });
});
