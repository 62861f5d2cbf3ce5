/** Verdicts: each rule, at its boundary. */
import { describe, expect, it } from "vitest";
import { FIRST_EVIDENCE } from "../../../../control-plane/rollout/evidence.ts";
import type { StepFigures } from "../../../../control-plane/rollout/figures.ts";
import { judge } from "../../../../control-plane/rollout/judge.ts";
import type { Judged } from "../../../../control-plane/rollout/measure.ts";
import { DEFAULT_THRESHOLDS } from "../../../../control-plane/rollout/thresholds.ts";
import { armOf, FAILING, goodFigures, HOUR_MS, START_MS, UNDECIDED } from "../../../support/rollout.ts";

const STEP: Judged["step"] = { judgedBy: "compare", part: 0.1, minMs: HOUR_MS };
const SHADOW: Judged["step"] = { judgedBy: "shadow", part: 0, minMs: 24 * HOUR_MS };

function judged(figures: Partial<StepFigures> = {}, change: Partial<Judged> = {}) {
  return judge({
    compared: "share",
    step: STEP,
    thresholds: DEFAULT_THRESHOLDS,
    evidence: FIRST_EVIDENCE,
    figures: goodFigures(figures),
    nowMs: START_MS + 2 * HOUR_MS,
    sinceMs: START_MS,
    ...change,
  });
}

const minuteOf = (treatment: [number, number], control: [number, number]): StepFigures["minute"] => ({
  startMs: START_MS + HOUR_MS,
  treatment: { failures: treatment[0], n: treatment[1] },
  control: { failures: control[0], n: control[1] },
});

it("a step is successful when every condition holds, and the reason has the numbers", () => {
  const { verdict, reason, missing } = judged();
  expect(verdict).toBe("successful");
  expect(missing).toEqual([]);
  expect(reason).toMatch(
    /^P95 inside the share is 0\.50 times P95 outside \(\d+ ms, \d+ ms\), at most 0\.\d+; failures are at most/,
  );
});

describe("failed", () => {
  it.each<[string, Partial<StepFigures>, RegExp]>([
    [
      "more failures, E ≥ 100",
      FAILING,
      /^80 of 4,000 texts inside the share failed \(2\.0 %\), and 36 of 36,000 outside/,
    ],
    [
      "P95 above 1.2 times",
      { treatment: armOf(4000, 4, 1.4) },
      /1\.4\d times P95 outside .* at least 1\.[23]\d; the limit is 1\.20\.$/,
    ],
    [
      "more labels differ than 1 %",
      { agreement: { compared: 1000, disagreed: 30 } },
      /^30 of 1,000 compared labels .* limit is 1\.0 %\.$/,
    ],
    [
      "a rejected candidate",
      { candidateRejected: "heap over 128 MB" },
      /^The candidate was rejected: heap over 128 MB\.$/,
    ],
    [
      "a burst in one minute",
      { minute: minuteOf([6, 20], [0, 180]) },
      /^In the minute from 11:00 UTC, 6 of 20 texts inside/,
    ],
  ])("%s", (_, figures, reason) => {
    const judgement = judged(figures);
    expect(judgement.verdict).toBe("failed");
    expect(judgement.reason).toMatch(reason);
  });

  it.each<[string, Partial<StepFigures>]>([
    ["E of 50: 5 failures inside, none outside", { treatment: armOf(1000, 5, 0.5), control: armOf(9000, 0) }],
    [
      "a difference under 0.1 points, however certain",
      { treatment: armOf(1_000_000, 4900, 0.5), control: armOf(9_000_000, 36_000) },
    ],
    ["fewer failures inside, however certain", { treatment: armOf(4000, 0, 0.5), control: armOf(36_000, 3600) }],
    ["P95 1.25 times, which may be 1.2", { treatment: armOf(1000, 1, 1.25) }],
    ["labels that differ by 1.2 %, which may be 1 %", { agreement: { compared: 1000, disagreed: 12 } }],
    ["a burst in both arms", { minute: minuteOf([10, 20], [95, 180]) }],
    ["4 failures in a minute", { minute: minuteOf([4, 4], [0, 180]) }],
    ["a burst under 20 %", { minute: minuteOf([39, 200], [0, 1800]) }],
  ])("not: %s", (_, figures) => {
    expect(judged(figures).verdict).not.toBe("failed");
  });

  it("5 failures inside and none outside have E = 50, and 6 have E = 200", () => {
    const eOf = (failures: number) =>
      judged({ treatment: armOf(1000, failures, 0.5), control: armOf(9000, 0) }).numbers.eValue;
    expect([eOf(5), eOf(6)].map(Math.round)).toEqual([50, 200]);
  });

  it("the evidence of earlier steps counts, and fewer failures in one are none of more in the next", () => {
    const first = judged({ treatment: armOf(1000, 5, 0.5), control: armOf(9000, 0) });
    const before = { ...FIRST_EVIDENCE, before: first.evidence.step };
    const next = judged({ treatment: armOf(1000, 4, 0.5), control: armOf(9000, 6) }, { evidence: before });
    expect(next.numbers.eValue).toBeGreaterThan(100);
    const better = judged({ treatment: armOf(4000, 0, 0.5), control: armOf(36_000, 3600) });
    expect(better.evidence.step.logE).toBe(0);
  });

  it("a minute is tested once, and each test of a rollout needs stronger evidence than the one before", () => {
    const first = judged({ minute: minuteOf([5, 25], [40, 180]) });
    expect(first.verdict).not.toBe("failed");
    expect(first.evidence.burst).toEqual({ minuteMs: START_MS + HOUR_MS, tests: 1 });
    const again = judged({ minute: minuteOf([25, 25], [0, 180]) }, { evidence: first.evidence });
    expect(again.verdict).not.toBe("failed");
    const many = { ...FIRST_EVIDENCE, burst: { minuteMs: 0, tests: 100 } };
    expect(judged({ minute: minuteOf([6, 20], [0, 180]) }, { evidence: many }).verdict).not.toBe("failed");
    expect(judged({ minute: minuteOf([20, 20], [0, 180]) }, { evidence: many }).verdict).toBe("failed");
  });

  it("P95 is compared at scheduled numbers of texts only", () => {
    const first = judged({ treatment: armOf(4000, 4, 0.5) });
    expect(first.evidence.p95).toMatchObject({ look: 8, texts: 4000 });
    const between = judged({ treatment: armOf(4500, 4, 1.5) }, { evidence: first.evidence });
    expect(between.numbers.p95Ratio).toBe(first.numbers.p95Ratio);
    const next = judged({ treatment: armOf(4600, 4, 1.5) }, { evidence: first.evidence });
    expect(next.verdict).toBe("failed");
  });
});

describe("inconclusive, with what is missing", () => {
  it.each<[string, Partial<StepFigures>, Partial<Judged>, RegExp]>([
    ["texts inside", { treatment: armOf(999, 0, 0.5) }, {}, /1 text inside the share \(about 1 min\)/],
    ["texts outside", { control: armOf(900, 0) }, {}, /100 texts outside/],
    ["an hour", {}, { nowMs: START_MS + HOUR_MS - 60_000 }, /1 min in this step/],
    [
      "certainty about failures",
      { treatment: armOf(1000, 0, 0.5) },
      {},
      /failures: at most 0\.\d+ points more so far, 0\.50 points are allowed/,
    ],
    ["a P95 that is lower", UNDECIDED, {}, /P95 inside the share is 1\.00 times P95 outside .*; 1\.00 is allowed/],
    ["labels", { agreement: { compared: 0, disagreed: 0 } }, {}, /comparisons of labels/],
    [
      "certainty about labels",
      { agreement: { compared: 1000, disagreed: 5 } },
      {},
      /labels: 5 of 1,000 .*at most 1\.\d+ %; 1\.0 % is allowed/,
    ],
    ["coverage", { coverage: 0.949 }, {}, /coverage: 94\.9 % of the records were received, 95 % are needed/],
    ["known coverage", { coverage: null }, {}, /coverage: – of the records/],
    [
      "the asked split",
      { treatment: armOf(5000, 5, 0.5), control: armOf(35_000, 35) },
      {},
      /the asked split: 12\.5 % .* not 10 %/,
    ],
    ["callers", { callers: { treatment: 29, control: 100 } }, {}, /30 callers in each arm, because callers are split/],
    ["known callers", { callers: { treatment: null, control: null } }, {}, /30 callers in each arm/],
  ])("%s", (_, figures, change, missing) => {
    const judgement = judged(figures, change);
    expect(judgement.verdict).toBe("inconclusive");
    expect(judgement.reason).toMatch(missing);
  });

  it("has how many texts and how long, at the pace since the step began", () => {
    const { missing } = judged({ treatment: armOf(500, 0, 0.5), control: armOf(4500, 4) });
    expect(missing[0]).toEqual({ what: "500 texts inside the share", texts: 500, ms: 2 * HOUR_MS });
  });

  it("more texts do not help where the measured value is the problem", () => {
    expect(judged(UNDECIDED).missing).toMatchObject([{ texts: null, ms: null }]);
  });

  it("no texts at all are no failure and no success", () => {
    const judgement = judged({
      treatment: armOf(0, 0),
      control: armOf(0, 0),
      agreement: { compared: 0, disagreed: 0 },
      coverage: null,
      lastTextMs: null,
    });
    expect(judgement).toMatchObject({ verdict: "inconclusive", isEarly: true });
    expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
  });

  it("a split that was once wrong stays wrong: looking again does not make it right", () => {
    const wrong = judged({ treatment: armOf(5000, 5, 0.5), control: armOf(35_000, 35) });
    const later = judged({ treatment: armOf(6000, 6, 0.5), control: armOf(54_000, 54) }, { evidence: wrong.evidence });
    expect(later.numbers.sampleRatioP).toBeLessThan(0.001);
  });
});

describe("where callers are split", () => {
  it("too few callers fail no P95 comparison, and failures still do", () => {
    const callers = { treatment: 3, control: 5 };
    expect(judged({ callers, treatment: armOf(4000, 4, 1.5) }).verdict).toBe("inconclusive");
    expect(judged({ callers, ...FAILING }).verdict).toBe("failed");
  });
});

describe("a shadow step", () => {
  const day = { nowMs: START_MS + 24 * HOUR_MS, step: SHADOW };
  it("is certified by 750 comparisons and a day", () => {
    expect(judged({ agreement: { compared: 750, disagreed: 0 } }, day).verdict).toBe("successful");
    expect(judged({ agreement: { compared: 749, disagreed: 0 } }, day).reason).toContain("1 comparison of labels");
    expect(judged({ agreement: { compared: 750, disagreed: 0 } }, { step: SHADOW }).reason).toContain(
      "22 h in this step",
    );
  });

  it("fails by labels only: its share has not moved", () => {
    expect(judged({ agreement: { compared: 1000, disagreed: 30 } }, day).verdict).toBe("failed");
    expect(judged({ ...FAILING, minute: minuteOf([20, 20], [0, 180]) }, day).verdict).toBe("successful");
  });
});

describe("a model is compared with the present model", () => {
  const model = { compared: "model" } as const;
  it.each<[string, [number, number], [number, number], string]>([
    ["as many labels differ", [10_000, 200], [90_000, 1800], "successful"],
    ["1 point more is not shown to be more", [2000, 60], [18_000, 360], "inconclusive"],
    ["3 points more", [4000, 200], [36_000, 720], "failed"],
    ["fewer than the present one's", [10_000, 20], [90_000, 1800], "successful"],
    ["no comparison of the present model: its disagreement may be 0", [2000, 4], [0, 0], "successful"],
    ["no comparison of the present model: it may disagree as often", [1000, 300], [0, 0], "inconclusive"],
  ])("%s", (_, [compared, disagreed], [presentCompared, presentDisagreed], verdict) => {
    const agreement = { compared, disagreed };
    const incumbent = { compared: presentCompared, disagreed: presentDisagreed };
    expect(
      judged({ agreement, incumbent, treatment: armOf(40_000, 40), control: armOf(360_000, 360) }, model).verdict,
    ).toBe(verdict);
  });

  it("may be as slow as the present one, up to 1.1 times", () => {
    const incumbent = { compared: 18_000, disagreed: 36 };
    const equal = { incumbent, treatment: armOf(40_000, 40), control: armOf(360_000, 360) };
    expect(judged(equal, model).verdict).toBe("successful");
    expect(judged({ ...equal, treatment: armOf(40_000, 40, 1.1) }, model).verdict).toBe("inconclusive");
    expect(judged({ ...equal, treatment: armOf(20_000, 20), control: armOf(380_000, 380) }, model).verdict).toBe(
      "successful",
    );
  });
});
