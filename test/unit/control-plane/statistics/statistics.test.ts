/** Against values of SciPy (test/vectors/statistics.json), and against published ones. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialCdf, binomialUpperTail } from "../../../../control-plane/statistics/binomial.ts";
import { chiSquareUpperTail, erfc, normalQuantile } from "../../../../control-plane/statistics/normal.ts";
import {
  clopperPearsonInterval,
  differenceOfProportions,
  lowerBound,
  trialsNeeded,
  upperBound,
  wilsonInterval,
} from "../../../../control-plane/statistics/proportion.ts";
import {
  durationsNeeded,
  quantileEstimate,
  quantileRanks,
  quantileRatio,
} from "../../../../control-plane/statistics/quantile.ts";
import { sampleRatioP } from "../../../../control-plane/statistics/sample-ratio.ts";
import { Histogram } from "../../../../formats/ledger/histogram.ts";
import { seededRandom } from "../../../../tools/seeded-random.ts";
import vectors from "../../../vectors/statistics.json" with { type: "json" };

/** Equal in the first digits, also where both are tiny. */
function near(actual: number, expected: number, relative = 1e-9): void {
  expect(Math.abs(actual - expected), `${actual}, not ${expected}`).toBeLessThanOrEqual(
    relative * Math.abs(expected) + 1e-300,
  );
}

describe("distributions have the values of SciPy", () => {
  it.each(vectors.binomial)("binomial, k $k of $n at $p", ({ k, n, p, cdf, upperTail }) => {
    near(binomialCdf(k, n, p), cdf);
    near(binomialUpperTail(k, n, p), upperTail);
  });

  it.each(vectors.erfc)("erfc($x)", ({ x, erfc: expected }) => near(erfc(x), expected));
  it.each(vectors.normal)("normal, $confidence", ({ confidence, z }) => near(normalQuantile(confidence), z));
  it.each(vectors.chiSquare)("chi-square, $x with $degrees degrees", ({ x, degrees, upperTail }) =>
    near(chiSquareUpperTail(x, degrees), upperTail),
  );
});

describe("intervals of a proportion have the values of SciPy", () => {
  it.each(vectors.proportions)("$count of $n", ({ count, n, twoSided, wilson, oneSided }) => {
    const intervals = [
      [clopperPearsonInterval({ count, n }), twoSided],
      [wilsonInterval({ count, n }), wilson],
      [{ low: lowerBound({ count, n }), high: upperBound({ count, n }) }, oneSided],
    ] as const;
    for (const [{ low, high }, [expectedLow = Number.NaN, expectedHigh = Number.NaN]] of intervals) {
      expect(low).toBeCloseTo(expectedLow, 10);
      expect(high).toBeCloseTo(expectedHigh, 10);
    }
  });
});

it.each([
  [0, 748],
  [1, 1185],
  [2, 1572],
  [3, 1937],
])("at most 0.4 %% with %i disagreements needs %i comparisons, and one less does not suffice", (count, n) => {
  expect(trialsNeeded(count, 0.004)).toBe(n);
  expect(upperBound({ count, n })).toBeLessThanOrEqual(0.004);
  expect(upperBound({ count, n: n - 1 })).toBeGreaterThan(0.004);
});

// R. G. Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
it.each([
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [6, 7, 2, 7, 0.0582, 0.8062],
  [5, 56, 0, 29, -0.0381, 0.1926],
  [0, 10, 0, 20, -0.1611, 0.2775],
  [10, 10, 0, 20, 0.6791, 1],
])("%i of %i less %i of %i is between Newcombe's bounds", (a, m, b, n, low, high) => {
  const difference = differenceOfProportions({ count: a, n: m }, { count: b, n });
  expect(difference.low).toBeCloseTo(low, 4);
  expect(difference.high).toBeCloseTo(high, 4);
});

describe("a quantile's interval", () => {
  it.each(vectors.ranks)("has SciPy's ranks: $n values, q $q, $confidence", ({ n, q, confidence, low, high }) => {
    expect(quantileRanks(n, q, confidence)).toEqual({ low, high });
  });

  it("has an upper bound from 72 durations for P95, and from 368 for P99", () => {
    expect([durationsNeeded(0.95), durationsNeeded(0.99)]).toEqual([72, 368]);
    for (const [q, n] of [
      [0.95, 72],
      [0.99, 368],
    ] as const) {
      expect([quantileRanks(n, q).high, quantileRanks(n - 1, q).high]).toEqual([n, null]);
    }
  });

  it("is bounded by the outer edges of the buckets that hold the ranks", () => {
    const histogram = new Histogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.observe(ms);
    const estimate = quantileEstimate(histogram, 0.95);
    const { low, high } = quantileRanks(1000, 0.95);
    expect(estimate?.low).toBeLessThanOrEqual(low);
    expect(estimate?.high).toBeGreaterThanOrEqual(high ?? Number.NaN);
    expect(estimate?.value).toBeGreaterThan(950 / 1.011);
    expect(estimate?.value).toBeLessThan(950 * 1.011);
  });

  it("has no bound where durations are shorter or longer than the buckets", () => {
    const [short, long] = [new Histogram(), new Histogram()];
    for (let i = 0; i < 500; i++) {
      short.observe(0.01);
      long.observe(90_000);
    }
    expect(quantileEstimate(short, 0.95)).toMatchObject({ low: 0 });
    expect(quantileEstimate(long, 0.95)).toMatchObject({ high: null });
    expect(quantileRatio(long, short, 0.95)).toMatchObject({ high: null });
    expect(quantileRatio(short, long, 0.95)).toBeNull();
    expect(quantileEstimate(new Histogram(), 0.5)).toBeNull();
  });

  it("holds the true P95 in at least 95 % of samples, and the ratio's interval holds 1 for equal groups", () => {
    const random = seededRandom(7);
    const trueP95 = -Math.log(0.05) * 100;
    const sample = () => {
      const histogram = new Histogram();
      for (let i = 0; i < 300; i++) histogram.observe(-Math.log(1 - random()) * 100);
      return histogram;
    };
    const samples = 400;
    let held = 0;
    let same = 0;
    for (let i = 0; i < samples; i++) {
      const [a, b] = [sample(), sample()];
      const p95 = quantileEstimate(a, 0.95);
      const ratio = quantileRatio(a, b, 0.95);
      if (p95 !== null && p95.low <= trueP95 && (p95.high ?? Infinity) >= trueP95) held++;
      if (ratio !== null && ratio.low <= 1 && (ratio.high ?? Infinity) >= 1) same++;
    }
    expect(held / samples).toBeGreaterThanOrEqual(0.95);
    expect(same / samples).toBeGreaterThanOrEqual(0.95);
  });
});

describe("a sample-ratio mismatch", () => {
  it("has the probability of the chi-square test, of all splits together", () => {
    const split = { inside: 1100, outside: 8900, part: 0.1 };
    expect(sampleRatioP([split])).toBeCloseTo(chiSquareUpperTail(1000 ** 2 / 10_000 / 9, 1), 12);
    expect(sampleRatioP([split, { inside: 0, outside: 0, part: 0.5 }])).toBe(sampleRatioP([split]));
    expect(sampleRatioP([{ inside: 500, outside: 500, part: 0.5 }])).toBe(1);
    expect(sampleRatioP([])).toBeNull();
  });
});

it("an interval holds its estimate and is within its bounds, for all counts", () => {
  const counts = fc
    .integer({ min: 1, max: 1_000_000 })
    .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
  fc.assert(
    fc.property(counts, ([count, n]) => {
      for (const { value, low, high } of [wilsonInterval({ count, n }), clopperPearsonInterval({ count, n })]) {
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        expect(high).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 100 },
  );
});
