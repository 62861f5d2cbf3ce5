/** Sums that can be redone by hand: the article's, and the bills of each form of Lambda and of Spillway. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { articleOf, articleSums } from "../../../../../tools/spillway/plan/article.ts";
import { arm64Bill, billOf, gbSecondsOf, provisionedBill } from "../../../../../tools/spillway/plan/bill.ts";
import { DISTILBERT, edgeModelOf, RECORDED } from "../../../../../tools/spillway/plan/edge-model.ts";

describe("the article", () => {
  const article = articleOf();

  it("states $81.75, needs a mean of 1.136 s for $142.50, and its P95 as the mean gives $143.63 after the free tier", () => {
    expect(article.lambda).toMatchObject({
      statedUsd: 81.75,
      neededMeanMs: 1136,
      p95AsMeanUsd: 143.63,
      neededColdPart: 0.121,
    });
  });

  it("costs at the edge what $5 and the CPU beyond 30 M ms cost", () => {
    expect(article.edge).toEqual([
      { cpuMs: 60, usd: 7.4 },
      { cpuMs: 100, usd: 9.4 },
      { cpuMs: 180, usd: 13.4 },
      { cpuMs: 352, usd: 22 },
    ]);
    expect(article.publishedEdge).toEqual({ usd: 25, cpuMs: 412 });
  });

  it("has the engine's recorded times, with the same sum", () => {
    for (const { tokens, cpuMs, usd } of article.engine.lengths) {
      expect(usd).toBeCloseTo(5 + (2.5e6 * cpuMs - 30e6) * 0.02e-6, 2);
      const recorded = RECORDED.lengths.find((one) => one.tokens === tokens);
      if (recorded !== undefined) expect(cpuMs).toBe(recorded.engineMs);
    }
    expect(article.engine.lengths.map(({ tokens }) => tokens)).toEqual([32, 64, 96, 128, 256]);
  });

  it("has a package's times instead, where one is given", async () => {
    const { engine } = articleOf(await edgeModelOf("models/mail-tagger"));
    expect(engine.model).toMatch(/^mail-tagger@/);
    expect(engine.lengths[3]?.cpuMs).toBeLessThan(60);
  });

  it("shows every sum, and that cold starts do not explain the difference", () => {
    const text = articleSums(article)
      .flatMap(({ lines }) => lines)
      .join("\n");
    expect(text).toContain("2.5 M × 0.65 s × 3 GB × $0.0000166667 + 2.5 M × $0.20/M = $81.75");
    expect(text).toContain("$5 + (2.5 M × 180 ms − 30 M) × $0.02/M = $13.40");
    expect(text).toContain("12 % of the calls at 4 s each, and P95 would be 4 s, not 1.2 s");
  });
});

describe("a month", () => {
  const requests = 2.5e6;
  const gbSeconds = gbSecondsOf(3072, requests * 650);

  it("of Lambda on x86 is what exceeds 400,000 GB-s and 1 M requests", () => {
    const bill = billOf({ "origin-mib-ms": requests * 3072 * 650, "origin-requests": requests }, false);
    expect(bill.listUsd).toBeCloseTo(81.75, 2);
    // (4,875,000 − 400,000) × $0.0000166667 + 1.5 M × $0.20/M
    expect(bill.billUsd).toBeCloseTo(74.58 + 0.3, 2);
    expect(bill.planUsd).toBe(0);
  });

  it("of Lambda on arm64 has its own price, and the same free tier", () => {
    expect(arm64Bill({ requests, gbSeconds }).billUsd).toBeCloseTo(4_475_000 * 0.0000133334 + 0.3, 2);
  });

  it("of kept instances has their time and the time of their calls, without a free tier", () => {
    const { billUsd } = provisionedBill({ requests, gbSeconds, keptGbSeconds: 1e6, onDemandGbSeconds: 300_000 });
    expect(billUsd).toBeCloseTo(1e6 * 0.0000041667 + gbSeconds * 0.0000097222 + 0.3, 2);
  });

  it("of Spillway has the plan, and CPU of texts, loads and gateway against one allotment", () => {
    const cpu = { "edge-cpu-us": 200e9, "load-cpu-us": 10e9, "gateway-cpu-us": 2.5e9 };
    const bill = billOf({ "worker-requests": requests, ...cpu }, true);
    expect(bill.billUsd).toBeCloseTo(5 + (212.5e6 - 30e6) * 0.02e-6, 2);
    expect(bill.lines.map(({ name }) => name)).toEqual(["Workers requests", "Workers CPU"]);
  });
});

it("DistilBERT's time model is the recorded times, within 20 %", () => {
  const { base, perToken, perTokenSquared } = DISTILBERT.timeMs;
  for (const { tokens, engineMs } of RECORDED.lengths) {
    const fitted = base + perToken * tokens + perTokenSquared * tokens * tokens;
    expect(Math.abs(fitted / engineMs - 1)).toBeLessThan(0.2);
  }
});

it("the recorded times are those of the engine's page", () => {
  const page = readFileSync("docs/internals/engine.md", "utf8");
  const rows = [...page.matchAll(/^\| (\d+) +\| ([\d.]+) +\| [\d.]+ +\| [\d.]+ +\| ([\d.]+) /gm)];
  expect(rows.map(([, tokens, engine, fp32]) => [tokens, engine, fp32].map(Number))).toEqual(
    RECORDED.lengths.map(({ tokens, engineMs, nativeFp32Ms }) => [tokens, engineMs, nativeFp32Ms]),
  );
  const text = page.replaceAll("\n", " ");
  expect(text).toContain(RECORDED.command);
  expect(text).toContain(`a load took ${RECORDED.loadMs} ms`);
});
