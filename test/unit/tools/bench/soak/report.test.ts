import { describe, expect, it } from "vitest";
import { disturbances } from "../../../../../tools/bench/soak/disturbances.ts";
import { p95Of, type SoakMeasured, slopeOf, soakResult } from "../../../../../tools/bench/soak/report.ts";
import { mixedRequests } from "../../../../../tools/bench/soak/requests.ts";

const MIB = 2 ** 20;
const part = (asked: number, usedMiB: number, tookMs: number) => ({
  ...{ asked, expected: asked, refused: 0, lost: 0, notRecordedOnce: 0, fault: null, refusals: {} },
  loadAverage: 1,
  capacityPerSecond: 100,
  tookMs: Array.from({ length: 20 }, () => tookMs),
  heap: { usedSize: usedMiB * MIB, totalSize: 0, embedderHeapUsedSize: 0, backingStorageSize: 0 },
});
const GOOD: SoakMeasured = {
  parts: [part(20_000, 10, 30), part(20_000, 14, 90), part(20_000, 14, 31)],
  records: 60_000,
  counted: 60_000,
  traced: 6000,
  tracedTwice: 0,
  left: { timers: 0, background: 0, subrequests: 0, strayRecords: 0 },
  openFiles: { before: 100, after: 102 },
};
const problemsOf = (change: Partial<SoakMeasured>) => soakResult({ ...GOOD, ...change }).problems;

describe("a soak", () => {
  it("keeps its promises with flat heap, equal counts and an equal p95", () => {
    expect(soakResult(GOOD)).toMatchObject({
      ...{ asked: 60_000, records: 60_000, counted: 60_000, heapSlopeBytesPerRequest: 0, p95LastOverFirst: 1.03 },
      problems: [],
    });
  });

  it.each<[string, Partial<SoakMeasured>, RegExp]>([
    ["a request without a record", { records: 59_999 }, /^60000 requests have 59999 records$/],
    ["a request that the ledger counts twice", { counted: 60_001 }, /^the ledger counts 60001 of 60000/],
    ["a request with two traces", { tracedTwice: 1 }, /^1 requests have more than one trace$/],
    ["a timer that is left", { left: { ...GOOD.left, timers: 2 } }, /^2 timers left$/],
    [
      "a heap that grows",
      { parts: [part(20_000, 10, 30), part(20_000, 14, 30), part(20_000, 15, 30)] },
      /by 52.4 bytes/,
    ],
    ["a slower end", { parts: [part(20_000, 10, 30), part(20_000, 10, 30), part(20_000, 10, 40)] }, /is 1.33 times/],
    ["a slower start", { parts: [part(20_000, 10, 60), part(20_000, 10, 30), part(20_000, 10, 30)] }, /is 0.5 times/],
    [
      "a lower capacity at the end",
      { parts: [part(20_000, 10, 30), part(20_000, 10, 30), { ...part(20_000, 10, 30), capacityPerSecond: 80 }] },
      /capacity before the last part is 0.8 times/,
    ],
    ["more open files", { openFiles: { before: 100, after: 200 } }, /^100 more open files$/],
  ])("breaks one with %s", (_, change, problem) => {
    expect(problemsOf(change)).toEqual([expect.stringMatching(problem)]);
  });

  it("judges no heap and no p95 of few requests", () => {
    const parts = [part(100, 10, 30), part(100, 14, 30), part(100, 20, 60)];
    expect(problemsOf({ parts, records: 300, counted: 300 })).toEqual([]);
  });
});

describe("the p95 of a part", () => {
  it("is the median of its blocks': a few seconds in which the machine is busy do not decide it", () => {
    const block = (ms: number) => Array.from({ length: 500 }, (_, index) => (index < 460 ? 10 : ms));
    expect(p95Of([...block(40), ...block(900), ...block(41), ...block(39), ...block(40)])).toBe(40);
    expect(p95Of([...block(900), ...block(900), ...block(40)])).toBe(900);
    expect(p95Of(Array.from({ length: 100 }, (_, index) => index + 1))).toBe(95);
    expect(p95Of([])).toBe(0);
  });
});

describe("the slope", () => {
  it("is that of the line through all points but the first", () => {
    expect(
      slopeOf([
        [1, 999],
        [2, 10],
        [3, 12],
        [4, 14],
      ]),
    ).toBeCloseTo(2);
    expect(slopeOf([[1, 5]])).toBe(0);
  });
});

describe("the mix", () => {
  it("is the same in every run, and valid but for 2 of 25", () => {
    const make = (tokens: number, seed: number) => `${seed} ${"word ".repeat(tokens)}`;
    const requests = mixedRequests(make);
    expect(requests).toEqual(mixedRequests(make));
    expect(requests.filter(({ status }) => status !== 200).length / requests.length).toBe(2 / 25);
  });

  it("has a fault for each part of a full run between the first and the last", () => {
    expect(disturbances()).toHaveLength(8);
  });
});
