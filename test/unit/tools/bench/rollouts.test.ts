/** The simulation of rollouts: its draws, its promise on a small run, and the bench's form. */
import { describe, expect, it } from "vitest";
import { quantileRanks } from "../../../../control-plane/statistics/quantile.ts";
import { pageSchema, withTables } from "../../../../tools/bench/rollouts/page.ts";
import { rolloutsPicture } from "../../../../tools/bench/rollouts/picture.ts";
import { reportOf, summaryOf } from "../../../../tools/bench/rollouts/rollouts.ts";
import { binomial, poisson, randomOf } from "../../../../tools/bench/rollouts/sampling.ts";
import {
  RATES_PER_SECOND,
  type Row,
  SCENARIOS,
  simulateRules,
  simulateScenario,
} from "../../../../tools/bench/rollouts/simulate.ts";
import { Arm, trueP95Ms, worldOf } from "../../../../tools/bench/rollouts/world.ts";

const RUNS = { seed: 3, alike: 20, others: 6 };

describe("the draws", () => {
  it.each([
    [60, 0.02],
    [40, 0.1],
    [600, 0.05],
    [6000, 0.9],
    [1e6, 0.003],
  ])("of %i with probability %f have the mean and the variance of the binomial law", (n, p) => {
    const random = randomOf(1, n);
    const draws = Array.from({ length: 20_000 }, () => binomial(random, n, p));
    const mean = draws.reduce((sum, k) => sum + k, 0) / draws.length;
    const variance = draws.reduce((sum, k) => sum + (k - mean) ** 2, 0) / draws.length;
    const deviation = Math.sqrt(n * p * (1 - p));
    expect(Math.abs(mean - n * p)).toBeLessThan((4 * deviation) / Math.sqrt(draws.length));
    expect(variance / deviation ** 2).toBeGreaterThan(0.93);
    expect(variance / deviation ** 2).toBeLessThan(1.07);
  });

  it("are the same for the same seed, and others for another run", () => {
    const draws = (run: number) => {
      const random = randomOf(9, run);
      return Array.from({ length: 5 }, () => poisson(random, 100));
    };
    expect(draws(1)).toEqual(draws(1));
    expect(draws(1)).not.toEqual(draws(2));
  });

  it("have the true P95, in the ledger's buckets, of as many texts as were counted", () => {
    const random = randomOf(4, 0);
    const world = worldOf(random, 10, { moreFailures: 0, slowdown: 1, moreDisagreement: 0, atEdge: false });
    const arm = new Arm(random, world.control, 1.2 * trueP95Ms(world.control));
    for (let minute = 0; minute < 60; minute++) arm.count(1000, 0.001, 1);
    expect(arm.times.n).toBe(arm.n);
    const { low, high } = quantileRanks(arm.n, 0.95, 0.9999);
    expect(arm.times.atRank(low)?.lowMs).toBeLessThanOrEqual(trueP95Ms(world.control));
    expect(arm.times.atRank(high ?? arm.n)?.highMs).toBeGreaterThanOrEqual(trueP95Ms(world.control));
    expect(arm.latest.slower / arm.latest.n).toBeLessThan(0.05);
  });
});

describe("a small run", () => {
  const rows = SCENARIOS.flatMap((scenario) => RATES_PER_SECOND.map((rate) => simulateScenario(scenario, rate, RUNS)));

  it("equal arms do not fail, and regressions are not shipped, in at most 1 % of the runs", () => {
    const summary = summaryOf(rows);
    expect(summary).toMatchObject({
      falseAlarms: 0,
      shippedRegressions: 0,
      runs: { falseAlarms: 120, shippedRegressions: 108 },
    });
    expect(Object.keys(summary.falseAlarmsByRate)).toEqual(["1", "10", "100"]);
    expect(Object.keys(summary.shippedRegressionsByScenario)).toHaveLength(6);
  });

  it("what is better is shipped: the verdicts are not safe because nothing ever moves", () => {
    const better = rows.filter(({ truth }) => truth === "better");
    expect(better.map(({ ended }) => ended)).toEqual(better.map(() => ({ succeeded: RUNS.others })));
  });

  it("a regression of failures or labels is found in every run, at every rate", () => {
    const found = rows.filter(({ scenario }) => /failures|labels/.test(scenario));
    expect(found.map(({ ended }) => ended)).toEqual(found.map(() => ({ failed: RUNS.others })));
  });

  it("on the same traffic, a fixed threshold rolls equal arms back", () => {
    const rules = simulateRules(1, RUNS, 6).filter(({ truth }) => truth === "alike");
    const of = (name: string) => rules.find(({ rule }) => rule === name)?.decisions;
    expect(of("fixed")?.back).toBeGreaterThan(0);
    expect(of("rollout")?.back).toBe(0);
  });
});

describe("the bench", () => {
  const row: Row = {
    scenario: "A/A, a share",
    kind: "share",
    truth: "alike",
    ratePerSecond: 10,
    runs: 100,
    ended: { failed: 2, paused: 98 },
    textsToVerdict: { state: "paused", p10: 1, p50: 2, p90: 3 },
    hoursToVerdict: { p50: 168, p90: 168 },
  };

  it("reports a broken promise, with the numbers", () => {
    const { result, problem } = reportOf([row], [], 1);
    expect(problem).toBe("More than 1.0 % of the runs: false alarms at 10 texts a second: 2 of 100.");
    expect(result).toMatchObject({ falseAlarms: 2, shippedRegressions: 0, runs: { falseAlarms: 100 } });
    expect(reportOf([{ ...row, ended: { failed: 1, paused: 99 } }], [], 1).problem).toBeNull();
  });

  it("writes the picture and the tables of the page from its JSON", () => {
    const printed = { bench: "rollouts", ...reportOf([row], simulateRules(1, RUNS, 1), 1).result };
    const data = pageSchema.parse(JSON.parse(JSON.stringify(printed)));
    expect(rolloutsPicture(data)).toContain("98 of 100 paused");
    const page = withTables("a\n<!-- generated: rollouts -->\nold\n<!-- end of generated: rollouts -->\nb", data);
    expect(page).toMatch(
      /^a\n<!-- generated: rollouts -->\n\n\| end .*\| equal arms, 10 texts\/s: failed \| 2 .*\nb$/s,
    );
    expect(page).not.toContain("old");
    expect(() => withTables("no place", data)).toThrow("The page has no <!-- generated: rollouts -->");
  });
});
