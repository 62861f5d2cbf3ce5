import { describe, expect, it } from "vitest";
import { mib, percentile, tenths } from "../../../tools/statistics.ts";

const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe("percentile", () => {
  it.each([
    { values: oneToHundred, percent: 50, expected: 50 },
    { values: oneToHundred, percent: 95, expected: 95 },
    { values: oneToHundred, percent: 100, expected: 100 },
    { values: oneToHundred, percent: 0, expected: 1 },
    { values: [7], percent: 95, expected: 7 },
    { values: [1, 2], percent: 50, expected: 1 },
    { values: [1, 2], percent: 51, expected: 2 },
    // As a string, 9 is larger than 10.
    { values: [10, 9, 100], percent: 50, expected: 10 },
  ])("is the nearest rank: $percent % of $values.length values is $expected", ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it("does not reorder its argument", () => {
    const values = [3, 1, 2];
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });

  it("needs at least one value", () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
  });
});

describe("units", () => {
  it("rounds to tenths", () => expect(tenths(1.26)).toBe(1.3));
  it("converts 1,048,576 bytes to one MiB", () => expect(mib(128 * 1_048_576)).toBe(128));
});
