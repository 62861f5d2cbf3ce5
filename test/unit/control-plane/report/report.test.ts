import { describe, expect, it } from "vitest";
import { reportOf } from "../../../../control-plane/report/report.ts";
import { encodeBase64 } from "../../../../formats/encodings.ts";
import { Cells } from "../../../../formats/ledger/cells.ts";
import { PRICES_AS_OF } from "../../../../formats/ledger/prices.ts";
import { type Series, seriesOf } from "../../../../formats/ledger/series.ts";
import { answerOf, DAY_MS, experimentDays, MODEL, START_MS } from "../../../support/ledger-answer.ts";

type Fields = Parameters<typeof seriesOf>[1];
const text = (fields: Fields) =>
  seriesOf("text", { arm: "inside", side: "edge", outcome: "ok", policy: "6", ...fields });

function cellsOf(...observed: readonly (readonly [series: Series, n: number, ms: number])[]): Cells {
  const cells = new Cells();
  for (const [series, n, ms] of observed) for (let i = 0; i < n; i++) cells.observe(series, ms);
  return cells;
}

function used(quantities: readonly (readonly [usage: string, quantity: number, fields?: Fields])[]): Cells {
  const cells = new Cells();
  for (const [because, quantity, fields] of quantities)
    cells.count(seriesOf("usage", { because, ...fields }), 1, quantity);
  return cells;
}

const report = (cells: Cells, more: Partial<Parameters<typeof reportOf>[0]> = {}) =>
  reportOf({ answer: answerOf([cells]), nowMs: START_MS + DAY_MS, ...more });

describe("an arm", () => {
  const cells = cellsOf(
    [text({}), 900, 100],
    [text({ outcome: "failed:origin-timeout", side: "", because: "origin-timeout" }), 100, 8000],
    [text({ outcome: "refused:residency", side: "", because: "residency" }), 40, 1],
    [text({ outcome: "gone", side: "" }), 5, 20_000],
    [text({ arm: "outside-a", side: "origin" }), 600, 500],
    [text({ arm: "outside-b", side: "origin" }), 400, 500],
    [text({ arm: "ineligible", side: "origin" }), 7, 900],
  );
  const { arms, texts, failuresByReason, comparison, sameCode } = report(cells);

  it("has all of its texts, whatever became of them", () => {
    expect(arms.inside).toMatchObject({ texts: 1045, answered: 900, failures: 100, refused: 40, gone: 5 });
    expect([arms.outside.texts, arms.ineligible.texts, texts]).toEqual([1000, 7, 2052]);
    expect(failuresByReason).toEqual({ "origin-timeout": 100 });
  });

  it("has the times of answered and failed texts: a text that timed out does not flatter it", () => {
    expect(arms.inside.p50Ms).toBeGreaterThan(98.9);
    expect(arms.inside.p50Ms).toBeLessThan(101.1);
    expect(arms.inside.p95Ms).toBeGreaterThan(7900);
    expect(arms.inside.failureRate).toBe(0.1);
  });

  it("is compared with the other arm, and the halves of the outside arm with each other", () => {
    expect(comparison).toMatchObject({ p95: "higher", failures: "higher" });
    expect(comparison.failureDifference?.low).toBeGreaterThan(0.08);
    expect([sameCode.first.texts, sameCode.second.texts]).toEqual([600, 400]);
    expect(sameCode.comparison).toMatchObject({ p95: "unclear", failures: "unclear" });
  });
});

describe("reasons and refusals", () => {
  it("are of answered texts, and of requests with an answer other than 200", () => {
    const cells = cellsOf(
      [text({ because: "within-share" }), 3, 10],
      [text({ because: "edge-cold", side: "origin", origin: "eu" }), 2, 300],
      [text({ because: "residency", outcome: "refused:residency", side: "" }), 1, 1],
      [seriesOf("request", { outcome: "ok" }), 4, 10],
      [seriesOf("request", { outcome: "rate-limited", because: "key-rate" }), 2, 1],
      [seriesOf("request", { outcome: "residency", because: "residency" }), 1, 1],
    );
    const { reasons, refusals, refusalsByReason, requests, sides } = report(cells);
    expect(reasons).toEqual({ "within-share": 3, "edge-cold": 2 });
    expect([requests, refusals]).toEqual([7, 3]);
    expect(refusalsByReason).toEqual({ "key-rate": 2, residency: 1 });
    expect(sides.map(({ name, figures }) => [name, figures.texts])).toEqual([
      ["edge", 3],
      ["eu", 2],
    ]);
  });
});

describe("coverage", () => {
  it("is the received part of all records, texts and requests", () => {
    const cells = cellsOf([text({}), 60, 10], [seriesOf("request", { outcome: "ok" }), 30, 10]);
    cells.count(seriesOf("missing", {}), 10);
    expect(report(cells)).toMatchObject({ coverage: 0.9, records: { received: 90, missing: 10 } });
  });

  it("is at most 1 where a late message filled a hole of an earlier time, and unknown without records", () => {
    const cells = cellsOf([text({}), 10, 10]);
    cells.count(seriesOf("missing", {}), -3);
    expect(report(cells).coverage).toBe(1);
    expect(report(new Cells()).coverage).toBeNull();
  });
});

describe("the split", () => {
  const cells = cellsOf(
    [text({ policy: "6" }), 100, 10],
    [text({ policy: "6", arm: "outside-a" }), 900, 10],
    [text({ policy: "7" }), 250, 10],
    [text({ policy: "7", arm: "outside-b" }), 750, 10],
  );

  it("has the asked share of each version that is known, and how probable the achieved one is", () => {
    const policies = [
      { version: "6", sharePercent: 10, stickyBy: "text" },
      { version: "7", sharePercent: 20, stickyBy: "text" },
    ];
    const { split } = report(cells, { policies });
    expect(split).toMatchObject({ askedPercent: 15, achievedPercent: 17.5, isByCaller: false });
    expect(split.sampleRatioP).toBeLessThan(0.001);
    expect(split.versions.map(({ policy, askedPercent }) => [policy, askedPercent])).toEqual([
      ["6", 10],
      ["7", 20],
    ]);
  });

  it("is reported without an asked share where a version is unknown", () => {
    expect(report(cells).split).toMatchObject({ askedPercent: null, achievedPercent: 17.5, sampleRatioP: null });
  });
});

describe("cost", () => {
  const MONTHS_PER_DAY = 365.25 / 12;

  it("has every sum: quantity, price, dollars; shadows of an arm's texts are not the arm's", () => {
    const cells = used([
      ["origin-mib-ms", 1024 * 1000 * 10, { arm: "outside-a" }],
      ["origin-mib-ms", 1024 * 1000 * 4],
      ["edge-cpu-us", 2_000_000, { arm: "inside" }],
      ["load-cpu-us", 500_000],
    ]);
    const { cost, costUsd, arms } = report(cells);
    expect(cost.pricesAsOf).toBe(PRICES_AS_OF);
    for (const { quantity, usdPerUnit, usd } of cost.lines) expect(usd).toBeCloseTo(quantity * usdPerUnit, 12);
    expect(costUsd.total).toBeCloseTo(14 * 0.0000166667 + 2500 * 0.02e-6, 10);
    expect(costUsd.shadow).toBeCloseTo(4 * 0.0000166667, 10);
    expect(arms.outside.directUsd).toBeCloseTo(10 * 0.0000166667, 10);
    expect(arms.inside.directUsd).toBeCloseTo(2500 * 0.02e-6, 10);
  });

  it("is projected per month, and billed beyond the plan's allotments", () => {
    const { cost } = report(used([["worker-requests", 1_000_000]]));
    const requests = 1_000_000 * MONTHS_PER_DAY;
    expect(cost.month?.listUsd).toBeCloseTo(requests * 0.3e-6, 6);
    expect(cost.month?.billUsd).toBeCloseTo(5 + (requests - 10_000_000) * 0.3e-6, 6);
  });

  it("adds what missing records cost to the day and the month, and not to what was counted", () => {
    const cells = used([["worker-requests", 1_000_000]]);
    cells.merge(cellsOf([seriesOf("request", { outcome: "ok" }), 80, 1]));
    cells.count(seriesOf("missing", {}), 20);
    const { costUsd } = report(cells);
    expect(costUsd.total).toBeCloseTo(0.3, 10);
    expect(costUsd.perDay).toBeCloseTo(0.3 / 0.8, 10);
  });
});

describe("two versions side by side", () => {
  const days = [
    ...experimentDays({ textsPerDay: 3000, share: 50, policy: "6", edgeMs: 600 }),
    ...experimentDays({
      textsPerDay: 3000,
      share: 50,
      policy: "7",
      edgeMs: 40,
      seed: 2,
      model: `other@${"ab".repeat(32)}`,
    }),
  ];
  const answer = answerOf(days);
  const compared = (first: string, second: string) =>
    reportOf({ answer, nowMs: START_MS + 2 * DAY_MS, compare: [first, second] }).compare;

  it("are two policies, the second against the first", () => {
    const compare = compared("6", "7");
    expect(compare).toMatchObject({
      by: "policy",
      differences: { inside: { p95: "lower" }, outside: { p95: "unclear" } },
    });
    expect((compare?.first.texts ?? 0) + (compare?.second.texts ?? 0)).toBe(reportOf({ answer, nowMs: 0 }).texts);
  });

  it("are two models by the start of their ids", () => {
    expect(compared(MODEL.slice(0, 24), "other")).toMatchObject({ by: "model", first: { name: MODEL } });
  });

  it("must have texts; the error lists those that have", () => {
    expect(() => compared("6", "8")).toThrow(
      /^No text was counted with policy "8" in this time\. Counted, with texts: 6 \(/,
    );
  });
});

describe("an answer", () => {
  it("whose cells cannot be read is an error", () => {
    const broken = (cells: string) => () => reportOf({ answer: { ...answerOf([]), cells }, nowMs: 0 });
    expect(broken("§")).toThrow("not a ledger message");
    expect(broken(encodeBase64(new Uint8Array([9])))).toThrow("its version is 9; this program reads version 1");
  });

  it("has the same figures as the sum of its days", () => {
    const answer = answerOf(experimentDays({ days: 3, textsPerDay: 500 }));
    const { days, texts, costUsd } = reportOf({ answer, nowMs: START_MS + 3 * DAY_MS });
    expect(days.reduce((sum, day) => sum + day.texts, 0)).toBe(texts);
    const daysUsd = days.flatMap(({ groupsUsd }) => Object.values(groupsUsd)).reduce((sum, usd) => sum + usd, 0);
    expect(daysUsd).toBeCloseTo(costUsd.total, 10);
  });
});
