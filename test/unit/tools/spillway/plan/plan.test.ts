/** Intervals, the advice and what turns it, and what a ledger's report replaces. */
import { describe, expect, it } from "vitest";
import { verdictOf } from "../../../../../tools/spillway/plan/advice.ts";
import { type AssumptionName, assumptionsOf } from "../../../../../tools/spillway/plan/assumptions.ts";
import { calibrated, parseReport, ratesOf, shareOf } from "../../../../../tools/spillway/plan/calibration.ts";
import { DISTILBERT } from "../../../../../tools/spillway/plan/edge-model.ts";
import { type Figures, movedFigures, widened } from "../../../../../tools/spillway/plan/figures.ts";
import type { Inputs } from "../../../../../tools/spillway/plan/input/read-inputs.ts";
import { knownValues } from "../../../../../tools/spillway/plan/known.ts";
import { planOf } from "../../../../../tools/spillway/plan/plan.ts";
import { fp32Ms, knownOf } from "../../../../../tools/spillway/plan/simulate/workload.ts";
import { log } from "./log.ts";

const figures = (bent: Partial<Figures>): Figures => ({
  ...{ p50Ms: 1, p95Ms: 1, p99Ms: 1, billUsd: 1, cpuMs: 0, waitedPart: 0, coldPart: 0 },
  ...bent,
});

const plan = (
  inputs: Inputs,
  more: { report?: ReturnType<typeof parseReport>; assume?: [AssumptionName, number][] } = {},
) =>
  planOf({
    inputs,
    edge: DISTILBERT,
    requestsPerMonth: null,
    report: more.report ?? null,
    given: new Map(more.assume),
    texts: { full: 2000, small: 300 },
  });

describe("an interval", () => {
  it("is the sample's, widened by each assumption as the root of the sum of squares", () => {
    const estimate = { value: 100, low: 97, high: 103 };
    expect(widened(estimate, []).high).toBeCloseTo(103, 8);
    expect(widened(estimate, []).low).toBeCloseTo(97, 8);
    const wide = widened(estimate, [110, 50, 200]);
    expect(wide.high).toBeCloseTo(100 * Math.exp(Math.hypot(Math.log(1.03), Math.log(1.1), Math.log(2))), 8);
    expect(wide.low).toBeCloseTo(100 * Math.exp(-Math.hypot(Math.log(100 / 97), Math.log(2))), 8);
    expect(widened({ value: 1, low: 0.5, high: null }, [9])).toMatchObject({ high: null });
  });

  it("moves a full simulation as a small one moves: times by ratio, bills by difference", () => {
    const moved = movedFigures(
      figures({ p95Ms: 200, billUsd: 10, coldPart: 0.01 }),
      figures({ p95Ms: 100, billUsd: 9, coldPart: 0.02 }),
      figures({ p95Ms: 150, billUsd: 12, coldPart: 0 }),
    );
    expect(moved).toMatchObject({ p95Ms: 300, billUsd: 13, coldPart: 0 });
  });
});

describe("the advice", () => {
  const options = (spillway: Partial<Figures>) =>
    new Map([
      ["lambda-x86", figures({ billUsd: 80, p95Ms: 1200 })],
      ["lambda-arm64", figures({ billUsd: 60, p95Ms: 1300 })],
      ["spillway-100", figures(spillway)],
    ]);
  it.each([
    ["move", { billUsd: 20, p95Ms: 180 }],
    ["faster", { billUsd: 61, p95Ms: 180 }],
    ["cheaper", { billUsd: 20, p95Ms: 1201 }],
    ["stay", { billUsd: 61, p95Ms: 1201 }],
  ] as const)("is %s against the cheapest and the fastest form of Lambda: %j", (verdict, spillway) => {
    expect(verdictOf(options(spillway))).toBe(verdict);
  });
});

describe("a plan", () => {
  it("of 2.6 million calls a month moves them; it has every option, with intervals around its figures", async () => {
    const { plan: made } = await plan(log(4000, 1000));
    expect(made.advice.verdict).toBe("move");
    expect(made.options.map(({ id }) => id)).toEqual([
      "lambda-x86",
      "lambda-arm64",
      "lambda-provisioned",
      "spillway-10",
      "spillway-50",
      "spillway-100",
    ]);
    for (const { p95Ms, billUsd, sums, planUsd } of made.options) {
      expect(p95Ms.low).toBeLessThanOrEqual(p95Ms.value);
      expect(p95Ms.high).toBeGreaterThanOrEqual(p95Ms.value);
      // The bill is the sum of its lines.
      expect(sums.reduce((sum, { usd }) => sum + usd, planUsd)).toBeCloseTo(billUsd.value, 6);
    }
    expect(made.requestsPerMonth).toBeCloseTo(2_629_800, -3);
  });

  it("is the same each time", async () => {
    const [first, again] = [await plan(log(500, 1000)), await plan(log(500, 1000))];
    expect(JSON.stringify(again.plan)).toBe(JSON.stringify(first.plan));
  });

  it("names the first assumption that turns it, and the plan turns there", async () => {
    // So few calls cost less on Lambda than the Workers plan. Isolates do not end, so that only the bill turns.
    const warm: [AssumptionName, number][] = [
      ["edge-idle-min", 1e6],
      ["edge-life-h", 1e6],
    ];
    const few = log(2000, 7000);
    const { advice } = (await plan(few, { assume: warm })).plan;
    expect(advice.verdict).toBe("faster");
    expect(advice.turn).toMatchObject({ name: "requests-per-month", compared: "billUsd", verdict: "move" });
    const at = async (factor: number) => {
      const assume: [AssumptionName, number][] = [...warm, ["requests-per-month", (advice.turn?.value ?? 0) * factor]];
      return (await plan(few, { assume })).plan.advice.verdict;
    };
    expect([await at(0.85), await at(1.15)]).toEqual(["faster", "move"]);
  });

  it("shows what is known as known: a log has runs and memory, texts have lengths", () => {
    const inputs = log(100, 1000);
    const known = knownValues(inputs, knownOf(inputs), DISTILBERT, 1e6);
    expect(known.get("lambda-memory-mib")).toMatchObject({ value: 3008, source: "the log" });
    expect(known.get("requests-per-month")).toEqual({ value: 1e6, source: "--requests-per-month" });
    const open = assumptionsOf(known).filter(({ low, high }) => low !== high);
    expect(open.map(({ name }) => name)).not.toContain("lambda-run-ms");
    expect(open.map(({ name }) => name)).toContain("tokens-median");
  });
});

describe("a report of the ledger", () => {
  const arm = { texts: 100, p50Ms: 90, p95Ms: 180, p99Ms: 200 };
  const REPORT = {
    texts: 1000,
    requests: 1000,
    arms: { inside: arm, outside: { ...arm, p50Ms: 640, p95Ms: 900 }, ineligible: { ...arm, texts: 0, p95Ms: null } },
    split: { askedPercent: 25, achievedPercent: 24.8 },
    sides: [{ name: "edge", figures: { texts: 250 } }],
    reasons: { "within-share": 250 },
    loads: { count: 2, cpuMs: 900, p50Ms: 1500 },
    cost: {
      totalUsd: 0.03,
      lines: [
        { usage: "edge-cpu-us", quantity: 25_000, usd: 0 },
        { usage: "gateway-cpu-us", quantity: 700, usd: 0 },
        { usage: "kv-reads", quantity: 50, usd: 0 },
        { usage: "origin-requests", quantity: 750, usd: 0 },
        { usage: "origin-mib-ms", quantity: 1400, usd: 0 },
      ],
    },
  };
  const report = parseReport(JSON.stringify(REPORT), "report.json");
  const SIGMA = Math.log(900 / 640) / 1.645;
  /** Of a lognormal distribution with a median of 640 ms. */
  const MEAN_MS = 640 * Math.exp(SIGMA ** 2 / 2);
  const ROUNDING_MS = 0.5;

  it("replaces assumptions by what was measured", () => {
    const tokens = new Float32Array(100).fill(128);
    const known = calibrated(report, { edge: DISTILBERT, tokens, medianRunMs: 600 });
    const { base, perToken, perTokenSquared } = DISTILBERT.timeMs;
    // 25,000 ms for 250 texts.
    expect(known.get("edge-time")?.value).toBeCloseTo(100 / (base + perToken * 128 + perTokenSquared * 128 ** 2), 6);
    expect(known.get("load-cpu-ms")).toMatchObject({ value: 450, source: "the ledger" });
    expect(known.get("load-ms")?.value).toBe(1500);
    expect(known.get("gateway-cpu-ms")?.value).toBe(0.7);
    expect(known.get("network-ms")?.value).toBe(40);
    expect(ratesOf(report).kvReads).toBe(0.05);
    expect(shareOf(report)).toBe(25);
  });

  it("without a log gives the origin's time, its spread, and its memory", () => {
    const tokens = new Float32Array(100).fill(128);
    const known = calibrated(report, { edge: DISTILBERT, tokens, medianRunMs: null });
    expect(known.get("lambda-run-ms")?.value).toBeCloseTo(MEAN_MS, 3);
    expect(known.get("lambda-noise")?.value).toBeCloseTo(SIGMA, 6);
    // 1,400 GB-s ÷ 750 calls
    expect(known.get("lambda-memory-mib")?.value).toBeCloseTo((1400 / 750 / (MEAN_MS + ROUNDING_MS)) * 1000 * 1024, 3);
  });

  it("spreads the origin's memory over long texts too, which run there in every case", () => {
    const tokens = Float32Array.from({ length: 100 }, (_, index) => (index < 95 ? 128 : 1024));
    const mixed = { ...report, arms: { ...report.arms, ineligible: { ...arm, texts: 100 } } };
    const known = calibrated(mixed, { edge: DISTILBERT, tokens, medianRunMs: null });
    const long = MEAN_MS * (fp32Ms(1024) / fp32Ms(128));
    expect(known.get("lambda-run-ms")?.value).toBeCloseTo(0.95 * MEAN_MS + 0.05 * long, 0);
    // Outside and ineligible have as many texts.
    expect(known.get("lambda-memory-mib")?.value).toBeCloseTo(
      ((1400 / 750) * 1024 * 1000) / ((MEAN_MS + long) / 2 + ROUNDING_MS),
      0,
    );
  });

  it("with enough texts that are too long for the edge, separates the network from what grows with length", () => {
    const tokens = Float32Array.from({ length: 100 }, (_, index) => (index < 95 ? 128 : 1024));
    // 100 ms for each call, and 540 for the shape of 128 tokens.
    const longMs = 100 + 540 * (fp32Ms(1024) / fp32Ms(128));
    const ineligible = { texts: 100, p50Ms: longMs, p95Ms: longMs, p99Ms: longMs };
    const both = { ...report, arms: { ...report.arms, ineligible }, reasons: { ...report.reasons, "too-long": 100 } };
    const known = calibrated(both, { edge: DISTILBERT, tokens, medianRunMs: null });
    expect(known.get("lambda-noise")?.value).toBe(0);
    expect(known.get("network-noise")?.value).toBeGreaterThan(0.5);
    expect(known.get("network-ms")?.value).toBeGreaterThan(100);
    expect(known.get("lambda-run-ms")?.value).toBeCloseTo(0.95 * 540 + 0.05 * (longMs - 100), 0);
    // Of those texts some have another reason than their length.
    const others = { ...both, reasons: { ...report.reasons, "too-long": 50 } };
    expect(calibrated(others, { edge: DISTILBERT, tokens, medianRunMs: null }).get("network-ms")?.value).toBe(0);
  });

  it("is compared with the prediction at its own share, arm by arm and in cost", async () => {
    const { plan: made } = await plan(log(2000, 1000), { report });
    expect(made.options.map(({ sharePercent }) => sharePercent)).toContain(25);
    expect(made.compared.map(({ name }) => name)).toEqual(["inside", "outside", "cost"]);
    for (const { predicted, measured, difference } of made.compared)
      expect(difference).toBeCloseTo(predicted / measured - 1, 10);
  });

  it.each([
    ["{", "it is not JSON"],
    ['{"texts": 0}', "texts"],
  ])("that is none is refused with the command that writes one: %s", (text, problem) => {
    expect(() => parseReport(text, "a.json")).toThrow(problem);
    expect(() => parseReport(text, "a.json")).toThrow("npx spillway report --json > report.json");
  });
});
