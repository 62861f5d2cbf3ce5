/** Against the mapping of OpenTelemetry's own JavaScript SDK. */
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BucketCounts, bucketIndex, lowerEdge, SCALE } from "../../../formats/exponential-histogram.ts";

const require = createRequire(import.meta.url);
const {
  getMapping,
} = require("../../../node_modules/@opentelemetry/sdk-metrics/build/src/aggregator/exponential-histogram/mapping/getMapping.js");

describe("the bucket of a value", () => {
  it("is the one that OpenTelemetry's SDK counts it in", () => {
    const theirs: { mapToIndex(value: number): number; lowerBoundary(index: number): number } = getMapping(SCALE);
    // Not at an edge, where the last bit of a logarithm decides.
    const inside = fc.tuple(fc.integer({ min: -960, max: 960 }), fc.double({ min: 0.001, max: 0.999, noNaN: true }));
    fc.assert(
      fc.property(inside, ([index, part]) => {
        const value = lowerEdge(index + part);
        expect([bucketIndex(value), theirs.mapToIndex(value)]).toEqual([index, index]);
      }),
    );
    for (let power = -20; power <= 20; power++) expect(bucketIndex(2 ** power)).toBe(theirs.mapToIndex(2 ** power));
    for (let index = -500; index <= 600; index++) expect(lowerEdge(index)).toBeCloseTo(theirs.lowerBoundary(index), 9);
  });

  it("holds values from above its lower edge to its upper edge, whose distance is 2.2 %", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 6e4, noNaN: true }), (value) => {
        const [low, high] = [lowerEdge(bucketIndex(value)), lowerEdge(bucketIndex(value) + 1)];
        expect(value).toBeGreaterThan(low * (1 - 1e-12));
        expect(value).toBeLessThanOrEqual(high * (1 + 1e-12));
        expect(high / low).toBeCloseTo(1.0219, 4);
      }),
    );
  });
});

describe("counts", () => {
  it("merge to the same in any order, without loss", () => {
    const parts = fc.array(fc.array(fc.tuple(fc.integer({ min: -500, max: 600 }), fc.nat(1e6))), { maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.nat()), (all, random) => {
        const merged = (order: typeof all) => {
          const total = new BucketCounts();
          for (const part of order) {
            const counts = new BucketCounts();
            for (const [index, count] of part) counts.add(index, count);
            total.merge(counts);
          }
          return { n: total.n, buckets: total.buckets, entries: total.entries() };
        };
        const shuffled = all.map((part) => ({ part, key: random.next().value })).sort((a, b) => a.key - b.key);
        const result = merged(all);
        expect(merged(shuffled.map(({ part }) => part))).toEqual(result);
        expect(result.n).toBe(all.flat().reduce((sum, [, count]) => sum + count, 0));
      }),
    );
  });
});
