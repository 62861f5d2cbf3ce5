/** The bench of the console: when a page is interactive, the summary, and the promises that it reports as broken. */
import { expect, it } from "vitest";
import { reportOf, summaryOf } from "../../../../tools/bench/console/console.ts";
import { interactiveMsOf, type PageLoad } from "../../../../tools/bench/console/load-page.ts";

const LOAD: PageLoad = {
  requests: 3,
  decodedBytes: 50_000,
  transferredBytes: 12_000,
  firstByteMs: 20,
  paintedMs: 60,
  handlesMs: 55,
  busyMs: 0,
  answeredMs: 230,
  answerMs: 8,
  shift: 0,
};
const twice = (first: PageLoad) => ({ first, again: { ...first, requests: 1 } });

it("a page is interactive when it is painted, its module has run, its main thread is free and a key is answered within 50 ms", () => {
  expect(interactiveMsOf(LOAD)).toBe(60);
  expect(interactiveMsOf({ ...LOAD, handlesMs: 90 })).toBe(90);
  expect(interactiveMsOf({ ...LOAD, busyMs: 120 })).toBe(120);
  expect(interactiveMsOf({ ...LOAD, answerMs: 50 })).toBe(60);
  expect(interactiveMsOf({ ...LOAD, answerMs: 51 })).toBe(230);
});

it("summarizes the loads of a page: the largest sizes, and the minimum, median and 95th percentile of times", () => {
  const loads = [LOAD, { ...LOAD, decodedBytes: 50_010, paintedMs: 90 }, { ...LOAD, paintedMs: 400 }].map(twice);
  expect(summaryOf("/", loads)).toMatchObject({
    path: "/",
    decodedBytes: 50_010,
    first: { requests: 3, paintedMs: { min: 60, p50: 90, p95: 400 } },
    again: { requests: 1, interactiveMs: { min: 60, p50: 90, p95: 400 } },
  });
});

it("reports a first view that is too large or interactive too late, beside the control, and no other page", () => {
  const problemOf = (...loads: PageLoad[]) =>
    reportOf(
      [LOAD, ...loads].map((load, at) => summaryOf(`/${at}`, [twice(load)])),
      1,
    ).problem;
  expect(problemOf(LOAD, { ...LOAD, decodedBytes: 70_000, paintedMs: 500 })).toBeNull();
  expect(problemOf({ ...LOAD, decodedBytes: 60_001 })).toMatch(/has 60001 bytes; at most 60000/);
  expect(problemOf({ ...LOAD, paintedMs: 300 })).toBeNull();
  expect(problemOf({ ...LOAD, paintedMs: 301 })).toMatch(
    /interactive after 301 ms \(a page of one line needs 60 ms in this browser\); at most 300 ms/,
  );
});
