/** The quantized products against their plain form: every tail, the lane bound's worst inputs, both variants. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_LANE_SUM } from "../../../engine/format/header.ts";
import type { DotVariant } from "../../../engine/kernels.ts";
import { packColumns, packWeights } from "../../../engine/pack/pack-matrix.ts";
import { quantizeColumns } from "../../../engine/pack/quantize-columns.ts";
import type { QuantizedLinear } from "../../../engine/pack/quantize-encoder.ts";
import {
  integerProduct,
  multiplyRow,
  type QuantizedRow,
  quantizeRow,
} from "../../../engine/reference/quantized-product.ts";
import { uniformNumbers } from "../../../engine/sample/random-encoder.ts";
import { KernelBench } from "../../support/engine.ts";

const bench = new KernelBench();

interface Shape {
  rows: number;
  depth: number;
  columns: number;
  seed: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  rows: fc.integer({ min: 1, max: 21 }),
  depth: fc.integer({ min: 1, max: 5 }).map((steps) => steps * 16),
  columns: fc.integer({ min: 1, max: 4 }).map((blocks) => blocks * 8),
  seed: fc.nat(),
});

function randomRows({ rows, depth, seed }: Shape): Float32Array[] {
  const uniform = uniformNumbers(seed);
  return Array.from({ length: rows }, () =>
    Float32Array.from({ length: depth }, () => (uniform() - 0.4) * 10 ** (4 * uniform() - 2)),
  );
}

function randomMatrix({ depth, columns, seed }: Shape): QuantizedLinear {
  const uniform = uniformNumbers(seed + 1);
  const weight = Float32Array.from({ length: depth * columns }, () => uniform() - 0.5);
  const bias = Float32Array.from({ length: columns }, () => uniform() - 0.5);
  return { ...quantizeColumns(weight, depth, columns), bias };
}

interface Packed {
  a: number;
  rowFacts: number;
  b: number;
  columns: number;
  rows: number;
}

/** Rows quantized by the kernel, and the packed matrix, in memory. */
function pack(rows: readonly Float32Array[], matrix: QuantizedLinear): Packed {
  const { depth } = matrix;
  const even = rows.length + (rows.length % 2);
  const source = bench.floats(rows.flatMap((row) => [...row]));
  const a = bench.reserve(even * depth);
  const rowFacts = bench.reserve(even * 8);
  bench.kernels.quantize(source, depth * 4, 0, rows.length, rows.length, depth, a, rowFacts, 0);
  return { a, rowFacts, b: bench.bytes(packWeights(matrix)), columns: bench.bytes(packColumns(matrix)), rows: even };
}

function integers({ a, rowFacts, b, columns, rows }: Packed, matrix: QuantizedLinear, variant: DotVariant): Int32Array {
  const c = bench.reserve(rows * matrix.columns * 4);
  const product = variant === "dot16" ? bench.kernels.gemmInteger16 : bench.kernels.gemmInteger32;
  product(a, rowFacts, b, columns, c, matrix.columns * 4, 32, rows, matrix.columns / 8, matrix.depth);
  return bench.readIntegers(c, rows * matrix.columns);
}

const VARIANTS = ["dot16", "dot32"] as const;

describe("the int32 sums are exact", () => {
  it("for random shapes, and equal for both variants", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        bench.reset();
        const [rows, matrix] = [randomRows(shape), randomMatrix(shape)];
        const packed = pack(rows, matrix);
        const expected = rows.flatMap((row) => [...integerProduct(quantizeRow(row), matrix)]);
        for (const variant of VARIANTS) {
          expect([...integers(packed, matrix, variant)].slice(0, expected.length)).toEqual(expected);
        }
      }),
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])("for %i rows", (count) => {
    bench.reset();
    const shape = { rows: count, depth: 32, columns: 16, seed: count };
    const [rows, matrix] = [randomRows(shape), randomMatrix(shape)];
    const packed = pack(rows, matrix);
    const expected = rows.flatMap((row) => [...integerProduct(quantizeRow(row), matrix)]);
    for (const variant of VARIANTS) {
      expect([...integers(packed, matrix, variant)].slice(0, expected.length)).toEqual(expected);
    }
  });

  it("for the largest activations against the largest lane sums of either sign", () => {
    const lane = fc
      .tuple(fc.array(fc.integer({ min: 0, max: 127 }), { minLength: 8, maxLength: 8 }), fc.boolean())
      .map(([weights, negative]) => fillLane(weights).map((weight) => (negative ? -weight : weight)));
    const lanes = fc.array(lane, { minLength: 2 * 2 * 8, maxLength: 2 * 2 * 8 });
    fc.assert(
      fc.property(lanes, fc.integer({ min: 1, max: 7 }), (weights, count) => {
        bench.reset();
        const matrix = matrixOfLanes(weights, 32, 8);
        expect(matrix.largestLaneSum).toBe(MAX_LANE_SUM);
        // All values at the top of the range: 127 with zero point 0.
        const rows = Array.from({ length: count }, () => new Float32Array(32).fill(3));
        const packed = pack(rows, matrix);
        expect([...bench.readBytes(packed.a, 16)]).toEqual(new Array(16).fill(127));
        const full: QuantizedRow = { q: new Uint8Array(32).fill(127), scale: 0, zeroPoint: 0 };
        const expected = rows.flatMap(() => [...integerProduct(full, matrix)]);
        for (const variant of VARIANTS) {
          expect([...integers(packed, matrix, variant)].slice(0, expected.length)).toEqual(expected);
        }
      }),
    );
  });
});

/** Eight weights whose sum is the lane bound: too little is added where there is room, too much is removed. */
function fillLane(weights: readonly number[]): number[] {
  const filled = [...weights];
  let missing = MAX_LANE_SUM - filled.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of filled.entries()) {
    const change = Math.max(-weight, Math.min(127 - weight, missing));
    filled[index] = weight + change;
    missing -= change;
  }
  return filled;
}

/** One lane per 16 k, half and column: k = 16 b + 4 q + 2 h + {0, 1}. */
function matrixOfLanes(lanes: readonly (readonly number[])[], depth: number, columns: number): QuantizedLinear {
  const q = new Int8Array(depth * columns);
  for (const [index, lane] of lanes.entries()) {
    const column = index % columns;
    const half = Math.floor(index / columns) % 2;
    const block = Math.floor(index / columns / 2);
    for (const [place, weight] of lane.entries()) {
      const k = 16 * block + 4 * Math.floor(place / 2) + 2 * half + (place % 2);
      q[k * columns + column] = weight;
    }
  }
  const sums = Int32Array.from({ length: columns }, (_, column) =>
    q.reduce((sum, weight, index) => (index % columns === column ? sum + weight : sum), 0),
  );
  const ones = new Float32Array(columns).fill(1);
  return { depth, columns, q, scales: ones, sums, bias: ones, largestLaneSum: MAX_LANE_SUM, meanGrowth: 1 };
}

describe("the f32 results", () => {
  it("are those of the plain form to the bit, stored at any stride", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 3 }), fc.constantFrom(...VARIANTS), (shape, gap, variant) => {
        bench.reset();
        const [rows, matrix] = [randomRows(shape), randomMatrix(shape)];
        const packed = pack(rows, matrix);
        const rowFloats = matrix.columns + 4 * gap;
        const c = bench.reserve(packed.rows * rowFloats * 4);
        const product = variant === "dot16" ? bench.kernels.gemmStore16 : bench.kernels.gemmStore32;
        product(
          packed.a,
          packed.rowFacts,
          packed.b,
          packed.columns,
          c,
          rowFloats * 4,
          32,
          packed.rows,
          shape.columns / 8,
          shape.depth,
        );
        for (const [index, row] of rows.entries()) {
          const stored = bench.readFloats(c + index * rowFloats * 4, matrix.columns);
          expect([...stored]).toEqual([...multiplyRow(quantizeRow(row), matrix)]);
        }
      }),
    );
  });

  it("are added to what is stored, and can be laid out in blocks of 8 columns", () => {
    bench.reset();
    const shape = { rows: 9, depth: 48, columns: 24, seed: 5 };
    const [rows, matrix] = [randomRows(shape), randomMatrix(shape)];
    const packed = pack(rows, matrix);
    const blockStep = packed.rows * 32 + 64;
    for (const variant of VARIANTS) {
      const c = bench.floats(new Float32Array((blockStep / 4) * 3).fill(0.5));
      const product = variant === "dot16" ? bench.kernels.gemmAdd16 : bench.kernels.gemmAdd32;
      product(packed.a, packed.rowFacts, packed.b, packed.columns, c, 32, blockStep, packed.rows, 3, shape.depth);
      for (const [index, row] of rows.entries()) {
        const expected = multiplyRow(quantizeRow(row), matrix).map((value) => 0.5 + value);
        const stored = [0, 1, 2].flatMap((block) => [...bench.readFloats(c + block * blockStep + index * 32, 8)]);
        expect(stored).toEqual([...expected]);
      }
    }
  });
});
