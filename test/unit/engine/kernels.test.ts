/** The f32 kernels against their plain forms. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attended, dot, normalized } from "../../../engine/reference/functions.ts";
import { uniformNumbers } from "../../../engine/sample/random-encoder.ts";
import { KernelBench, relativeError } from "../../support/engine.ts";

const bench = new KernelBench();

/** Of results that pass through one rounding to f32 per step. */
const TOLERANCE = 2e-6;

function rowsOf(count: number, length: number, seed: number, spread = 1): Float32Array[] {
  const uniform = uniformNumbers(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => (uniform() - 0.5) * spread));
}

function flat(rows: readonly Float32Array[]): number[] {
  return rows.flatMap((row) => [...row]);
}

describe("attention", () => {
  /** Rows as blocks of 8 dimensions, `step` floats from block to block; what lies behind the rows is NaN. */
  function inBlocks(rows: readonly Float32Array[], step: number): Float32Array {
    const dimensions = rows[0]?.length ?? 0;
    const blocks = new Float32Array((dimensions / 8) * step).fill(Number.NaN);
    for (const [index, row] of rows.entries()) {
      for (const [dimension, value] of row.entries()) {
        blocks[Math.floor(dimension / 8) * step + index * 8 + (dimension % 8)] = value;
      }
    }
    return blocks;
  }

  /** Q, K and V in memory, `rows` rows of room in each block. */
  function place(q: readonly Float32Array[], k: readonly Float32Array[], v: readonly Float32Array[]) {
    const [dimensions, keys] = [q[0]?.length ?? 0, k.length];
    const step = (Math.max(keys, q.length) + 8) * 8;
    const [qAt, kAt, vAt] = [q, k, v].map((rows) => bench.floats(inBlocks(rows, step))) as [number, number, number];
    const transposed = bench.reserve((keys + 3) * dimensions * 4);
    const headBlocks = dimensions / 8;
    bench.kernels.transposeKeys(kAt, step * 4, keys, headBlocks, transposed);
    const scratch = bench.reserve(dimensions * 32 + (keys + 4) * 32);
    return (context: number, contextStep: number) =>
      bench.kernels.attention(
        qAt,
        transposed,
        vAt,
        step * 4,
        keys,
        q.length,
        context,
        contextStep,
        headBlocks,
        scratch,
      );
  }

  const shape = fc.record({
    keys: fc.integer({ min: 1, max: 37 }),
    queries: fc.integer({ min: 1, max: 21 }),
    dimensions: fc.constantFrom(16, 32, 48, 64),
    spread: fc.constantFrom(0.1, 2, 20),
    seed: fc.nat(),
  });

  it("gives the plain form's context for every number of keys and queries, whatever lies behind them", () => {
    fc.assert(
      fc.property(shape, ({ keys, queries, dimensions, spread, seed }) => {
        bench.reset();
        const [q, k, v] = [
          rowsOf(queries, dimensions, seed, spread),
          rowsOf(keys, dimensions, seed + 1, spread),
          rowsOf(keys, dimensions, seed + 2),
        ];
        const contextFloats = dimensions + 16;
        // A block has 8 queries: rows behind the last one must stay as they are.
        const context = bench.floats(new Float32Array((queries + 8) * contextFloats).fill(7));
        place(q, k, v)(context, contextFloats * 4);
        const behind = bench.readFloats(context + queries * contextFloats * 4, 8 * contextFloats);
        expect(behind.every((value) => value === 7)).toBe(true);
        const expected = attended(q, k, v);
        for (const [index, row] of expected.entries()) {
          const stored = bench.readFloats(context + index * contextFloats * 4, contextFloats);
          const error = Math.max(...row.map((value, place) => Math.abs(value - (stored[place] ?? Number.NaN))));
          expect(error).toBeLessThan(TOLERANCE * Math.max(1, spread * spread));
          expect([...stored.subarray(dimensions)]).toEqual(new Array(16).fill(7));
        }
      }),
    );
  });

  it("does not overflow where scores are far apart", () => {
    bench.reset();
    const q = [new Float32Array(16).fill(40)];
    const k = [new Float32Array(16).fill(-40), new Float32Array(16).fill(40)];
    const v = [new Float32Array(16).fill(1), new Float32Array(16).fill(2)];
    const context = bench.reserve(64);
    place(q, k, v)(context, 64);
    expect([...bench.readFloats(context, 16)]).toEqual(new Array(16).fill(2));
  });
});

describe("layerNorm", () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 12 }).map((eights) => eights * 8),
    padding: fc.constantFrom(0, 8, 16),
    offset: fc.constantFrom(0, 5, -300),
    seed: fc.nat(),
  });

  it("gives the plain form's rows and leaves the padding as it is", () => {
    fc.assert(
      fc.property(shape, ({ rows, width, padding, offset, seed }) => {
        bench.reset();
        const floats = width + padding;
        const values = rowsOf(rows, width, seed).map((row) => row.map((value) => value + offset));
        const padded = values.map((row) => Float32Array.of(...row, ...new Array(padding).fill(9)));
        const [gain, shift] = rowsOf(2, width, seed + 1) as [Float32Array, Float32Array];
        const gains = bench.floats([...gain, ...new Array(padding).fill(0), ...shift, ...new Array(padding).fill(0)]);
        const x = bench.floats(flat(padded));
        bench.kernels.layerNorm(x, rows, width, floats * 4, gains, 1e-5);
        for (const [index, row] of values.entries()) {
          const stored = bench.readFloats(x + index * floats * 4, floats);
          const expected = normalized(row, gain, shift, 1e-5);
          // The mean of numbers around 300 is known to 3e-5 of their spread.
          const tolerance = TOLERANCE * (1 + Math.abs(offset) * 10);
          expect(Math.max(...expected.map((value, place) => Math.abs(value - (stored[place] ?? 0))))).toBeLessThan(
            tolerance,
          );
          expect([...stored.subarray(width)]).toEqual(new Array(padding).fill(9));
        }
      }),
    );
  });

  it("gives the offsets for a row of equal numbers, epsilon 1e-12", () => {
    bench.reset();
    const x = bench.floats(new Float32Array(16).fill(0.25));
    const gains = bench.floats([...new Array(16).fill(3), ...new Array(16).fill(0.5)]);
    bench.kernels.layerNorm(x, 1, 16, 64, gains, 1e-12);
    expect([...bench.readFloats(x, 16)]).toEqual(new Array(16).fill(0.5));
  });
});

describe("embed", () => {
  it("adds word and position rows, each with its scale", () => {
    bench.reset();
    const [width, count] = [48, 5];
    const uniform = uniformNumbers(3);
    const table = (rows: number) => Int8Array.from({ length: rows * width }, () => Math.floor(uniform() * 255) - 127);
    const [words, places] = [table(9), table(6)];
    const [wordScales, placeScales] = rowsOf(2, 9, 4) as [Float32Array, Float32Array];
    const [ids, positions] = [
      [8, 0, 3, 3, 1],
      [0, 1, 2, 5, 4],
    ] as const;
    const x = bench.reserve(count * width * 4);
    const at = [bench.integers(ids), bench.integers(positions)] as const;
    const tables = [
      bench.bytes(words),
      bench.floats(wordScales),
      bench.bytes(places),
      bench.floats(placeScales),
    ] as const;
    bench.kernels.embed(...at, count, width, ...tables, x);
    const product = (rows: Int8Array, scales: Float32Array, row: number, k: number) =>
      Math.fround((rows[row * width + k] ?? 0) * (scales[row] ?? 0));
    const expected = ids.flatMap((id, index) =>
      Array.from({ length: width }, (_, k) =>
        Math.fround(product(words, wordScales, id, k) + product(places, placeScales, positions[index] ?? 0, k)),
      ),
    );
    expect([...bench.readFloats(x, count * width)]).toEqual(expected);
  });

  it("adds the row of each token's kind", () => {
    bench.reset();
    const [x, table] = [rowsOf(3, 32, 1), rowsOf(2, 32, 2)];
    const at = bench.floats(flat(x));
    bench.kernels.addRows(at, bench.integers([1, 0, 1]), 3, 32, bench.floats(flat(table)));
    const expected = x.flatMap((row, index) => [
      ...row.map((value, k) => value + (table[[1, 0, 1][index] ?? 0]?.[k] ?? 0)),
    ]);
    expect([...bench.readFloats(at, 96)]).toEqual(expected);
  });
});

describe("dense", () => {
  it("gives the plain form's outputs for every number of outputs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 8 }), fc.nat(), (outputs, eights, seed) => {
        bench.reset();
        const depth = eights * 8;
        const [x] = rowsOf(1, depth, seed) as [Float32Array];
        const w = rowsOf(outputs, depth, seed + 1);
        const [bias] = rowsOf(1, outputs, seed + 2) as [Float32Array];
        const y = bench.floats(new Float32Array(outputs + 1).fill(7));
        bench.kernels.dense(bench.floats(x), bench.floats(flat(w)), bench.floats(bias), y, outputs, depth);
        const expected = w.map((row, index) => dot(row, x) + (bias[index] ?? 0));
        const stored = bench.readFloats(y, outputs + 1);
        for (const [index, value] of expected.entries()) expect(stored[index]).toBeCloseTo(value, 5);
        expect(stored[outputs]).toBe(7);
        expect(relativeError(stored, expected)).toBeLessThan(1e-4);
      }),
    );
  });
});
