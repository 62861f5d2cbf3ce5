/** What the loader's kernels compute: the checksum and the lane bound. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksumOf, continueChecksum, endChecksum, startChecksum } from "../../../engine/format/checksum.ts";
import { MAX_LANE_SUM } from "../../../engine/format/header.ts";
import { packWeights } from "../../../engine/pack/pack-matrix.ts";
import { quantizeColumns } from "../../../engine/pack/quantize-columns.ts";
import { KernelBench } from "../../support/engine.ts";

const bench = new KernelBench();

describe("checksum", () => {
  const blocks = fc
    .integer({ min: 1, max: 5 })
    .chain((count) => fc.uint8Array({ minLength: count * 64, maxLength: count * 64 }));

  it("is that of the plain form", () => {
    fc.assert(
      fc.property(blocks, (bytes) => {
        bench.reset();
        const state = bench.integers(startChecksum());
        bench.kernels.checksum(state, bench.bytes(bytes), bytes.length / 64);
        expect(endChecksum(bench.readIntegers(state, 16))).toBe(checksumOf(bytes));
      }),
    );
  });

  it("does not depend on how the bytes arrive", () => {
    fc.assert(
      fc.property(blocks, fc.nat(), (bytes, cut) => {
        const words = new Int32Array(bytes.slice().buffer);
        const state = startChecksum();
        const middle = (cut % (bytes.length / 64 + 1)) * 16;
        continueChecksum(state, words.subarray(0, middle));
        continueChecksum(state, words.subarray(middle));
        expect(endChecksum(state)).toBe(checksumOf(bytes));
      }),
    );
  });

  it("changes with every single bit, and with the order of words", () => {
    fc.assert(
      fc.property(blocks, fc.nat(), fc.nat(), (bytes, bit, other) => {
        const flipped = bytes.slice();
        const at = Math.floor(bit / 8) % bytes.length;
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
        expect(checksumOf(flipped)).not.toBe(checksumOf(bytes));

        const words = new Uint32Array(bytes.slice().buffer);
        const [a, b] = [bit % words.length, other % words.length];
        [words[a], words[b]] = [words[b] ?? 0, words[a] ?? 0];
        if (words[a] !== words[b]) expect(checksumOf(new Uint8Array(words.buffer))).not.toBe(checksumOf(bytes));
      }),
    );
  });
});

/** By definition, from the row-major matrix. */
function largestLaneSum(q: Int8Array, depth: number, columns: number): number {
  const sums = new Map<string, number>();
  for (let k = 0; k < depth; k++) {
    for (let column = 0; column < columns; column++) {
      const weight = q[k * columns + column] ?? 0;
      const lane = [Math.floor(k / 16), Math.floor((k % 4) / 2), column, Math.sign(weight)].join(" ");
      sums.set(lane, (sums.get(lane) ?? 0) + Math.abs(weight));
    }
  }
  return Math.max(...sums.values());
}

const matrix = fc
  .record({ depth: fc.constantFrom(16, 32, 48), columns: fc.constantFrom(8, 16), seed: fc.nat() })
  .chain(({ depth, columns }) =>
    fc.record({
      depth: fc.constant(depth),
      columns: fc.constant(columns),
      values: fc.array(fc.integer({ min: -127, max: 127 }), { minLength: depth * columns, maxLength: depth * columns }),
    }),
  );

describe("largestLaneSum", () => {
  it("is the largest sum of weights of one sign that a 16-bit lane adds up", () => {
    fc.assert(
      fc.property(matrix, ({ depth, columns, values }) => {
        bench.reset();
        const q = Int8Array.from(values);
        const packed = packWeights({ q, depth, columns });
        const sum = bench.kernels.largestLaneSum(bench.bytes(packed), packed.length / 128);
        expect(sum).toBe(largestLaneSum(q, depth, columns));
      }),
    );
  });
});

describe("quantizeColumns", () => {
  it("keeps every lane within the bound, reports the fullest lane, and stays close to the weights", () => {
    fc.assert(
      fc.property(matrix, fc.constantFrom(1e-6, 1, 1e4), ({ depth, columns, values }, factor) => {
        const weight = Float32Array.from(values, (value) => value * factor);
        const { q, scales, sums, largestLaneSum: reported } = quantizeColumns(weight, depth, columns);
        expect(reported).toBe(largestLaneSum(q, depth, columns));
        expect(reported).toBeLessThanOrEqual(MAX_LANE_SUM);
        for (let index = 0; index < q.length; index++) {
          const scale = scales[index % columns] ?? 0;
          expect(Math.abs((q[index] ?? 0) * scale - (weight[index] ?? 0))).toBeLessThanOrEqual(scale * 0.501);
        }
        const columnSums = Array.from({ length: columns }, (_, column) =>
          q.reduce((sum, value, index) => (index % columns === column ? sum + value : sum), 0),
        );
        expect([...sums]).toEqual(columnSums);
      }),
    );
  });

  it("gives zeros for a column of zeros", () => {
    const { q, scales } = quantizeColumns(new Float32Array(16 * 8), 16, 8);
    expect([...q, ...scales].every((value) => value === 0)).toBe(true);
  });
});
