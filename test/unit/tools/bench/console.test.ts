/** The bench of the console: its summary and the promises that it reports as broken. */
import { expect, it } from "vitest";
import { reportOf, summaryOf } from "../../../../tools/bench/console/console.ts";
import type { PageLoad } from "../../../../tools/bench/console/load-page.ts";

const LOAD: PageLoad = {
  requests: 3,
  decodedBytes: 50_000,
  transferredBytes: 12_000,
  firstByteMs: 20,
  paintedMs: 60,
  contentLoadedMs: 55,
  reactedMs: 80,
};

it("summarizes the loads of a page: the largest sizes, the median and the 95th percentile of times", () => {
  const loads = [LOAD, { ...LOAD, decodedBytes: 50_010, reactedMs: 90 }, { ...LOAD, reactedMs: 400 }];
  expect(summaryOf("/", loads)).toMatchObject({ path: "/", decodedBytes: 50_010, reactedMs: { p50: 90, p95: 400 } });
});

it("reports a first view that is too large or reacts too late, and no other page", () => {
  const problemOf = (...loads: PageLoad[]) =>
    reportOf(
      loads.map((load, at) => summaryOf(`/${at}`, [load])),
      1,
    ).problem;
  expect(problemOf(LOAD, { ...LOAD, decodedBytes: 70_000, reactedMs: 500 })).toBeNull();
  expect(problemOf({ ...LOAD, decodedBytes: 60_001 })).toMatch(/has 60001 bytes; at most 60000/);
  expect(problemOf({ ...LOAD, reactedMs: 301 })).toMatch(/interactive after 301 ms; at most 300 ms/);
  expect(problemOf({ ...LOAD, contentLoadedMs: 310 })).toMatch(/interactive after 310 ms/);
});
