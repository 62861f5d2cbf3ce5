import { expect, it } from "vitest";
import { type Measured, type Others, type Run, reportOf, rowOf } from "../../../../tools/bench/hostile-texts/report.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const IDLE: Others = { shortMs: upTo(100), healthMs: [2, 2, 8] };

const aRun = (run: Partial<Run> = {}): Run => ({
  ...{ side: "edge", status: 200, answerMs: 100, heapGrowthMiB: 1, longestProcessorWaitMs: 3 },
  others: { shortMs: [10], healthMs: [4] },
  ...run,
});
const measured = (...runs: Run[]): Measured => ({
  ...{ text: "blanks", bytes: 7, runs, tokenizingMiB: 1.25, tokenizingStepMs: 2 },
});
const rowWith = (shortMs: number[]) => rowOf(measured(aRun({ others: { shortMs, healthMs: [4] } })), IDLE);

it("compares 95th percentiles: the slowest of fewer than 20 waits, and of both the slowest beside it", () => {
  expect(rowWith(upTo(19))).toMatchObject({ shortAloneMs: 95, shortMeanwhileMs: 19, shortSamples: 19 });
  expect(rowWith(upTo(20))).toMatchObject({ shortMeanwhileMs: 19, shortMeanwhileMaxMs: 20, shortSamples: 20 });
});

it("joins the waits of all runs of a text, and has the worst of the rest", () => {
  const runs = [
    aRun({ answerMs: 300, heapGrowthMiB: -1, longestProcessorWaitMs: null }),
    aRun({ side: null, status: 413, heapGrowthMiB: 4, others: { shortMs: [30, 20], healthMs: [21, 6] } }),
  ];
  expect(rowOf(measured(...runs), IDLE)).toEqual({
    ...{ text: "blanks", bytes: 7, side: null, status: 413, answerMs: 300, longestHoldMs: 19, heapGrowthMiB: 4 },
    ...{ shortAloneMs: 95, shortMeanwhileMs: 30, shortMeanwhileMaxMs: 30, shortSamples: 3 },
    ...{ longestProcessorWaitMs: 3, tokenizingMiB: 1.3, tokenizingStepMs: 2 },
  });
  expect(rowOf(measured(aRun({ longestProcessorWaitMs: null })), IDLE).longestProcessorWaitMs).toBeNull();
});

it("names each promise that a row breaks, at its bound", () => {
  const kept = rowWith([240]);
  expect(kept).toMatchObject({ shortAloneMs: 95, shortMeanwhileMs: 240 });
  expect(reportOf("model", [kept, { ...kept, answerMs: 5000 }]).problem).toBeNull();
  const broken = [
    { shortMeanwhileMs: 240.1 },
    { tokenizingMiB: 4.1 },
    { tokenizingStepMs: 10.1 },
    { status: 413, answerMs: 1000 },
    { status: 504 },
  ].map((change) => reportOf("model", [{ ...kept, ...change }]).problem);
  expect(broken).toEqual([
    'a short text waited 240.1 ms for "blanks".',
    'tokenizing "blanks" allocated 4.1 MiB.',
    'a step of tokenizing "blanks" took 10.1 ms.',
    '"blanks" was refused after 1000 ms.',
    '"blanks" was answered with 504.',
  ]);
});
