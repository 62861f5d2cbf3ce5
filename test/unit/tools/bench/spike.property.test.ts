/** Guarantees of the simulated spike at any seed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarize } from "../../../../tools/bench/spike/measure.ts";
import { POLICY_NAMES, type PolicyName, policyOf } from "../../../../tools/bench/spike/policies.ts";
import { trafficOf } from "../../../../tools/bench/spike/traffic.ts";
import { type Answer, simulate } from "../../../../tools/simulation/isolate.ts";
import { fuzzRuns } from "../../../support/fuzz.ts";

/** About 35 texts per second. */
const EDGE = { maxTokens: 256, timeMs: { base: 2, perToken: 0.22, perTokenSquared: 0.00027 } };
const PAST_SATURATION = [40, 50];
const SECONDS = 20;
const MAX_QUEUE_MS = 400;

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const rates = fc.constantFrom(1, 5, 15, 25, 30, ...PAST_SATURATION);

function spike(policy: PolicyName, seed: number, ratePerSecond: number, seconds = SECONDS): Promise<readonly Answer[]> {
  const texts = trafficOf({ seed, ratePerSecond, seconds });
  return simulate({ texts, policy: policyOf(policy), edge: EDGE });
}

function longestRunMs(answers: readonly Answer[]): number {
  return Math.max(0, ...answers.filter(({ side }) => side === "edge").map(({ runMs }) => runMs));
}

/** Of the texts that the last rule sent to the edge. */
function longestWaitMs(answers: readonly Answer[]): number {
  return Math.max(0, ...answers.filter(({ because }) => because === "within-share").map(({ waitMs }) => waitMs));
}

describe("adaptive routing", () => {
  it("keeps every wait within maxQueueMs plus one inference, if runs last as predicted", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, rates, async (seed, ratePerSecond) => {
        const texts = trafficOf({ seed, ratePerSecond, seconds: SECONDS }).map((text) => ({ ...text, runNoise: 1 }));
        const answers = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
        expect(longestWaitMs(answers)).toBeLessThanOrEqual(MAX_QUEUE_MS + longestRunMs(answers));
      }),
      fuzzRuns(20),
    );
  });

  it.each(["adaptive", "adaptive-budget-800", "adaptive-budget-200"] as const)(
    "%s: keeps every wait within maxQueueMs plus two inferences, with noise in the runs",
    async (policy) => {
      await fc.assert(
        fc.asyncProperty(seeds, rates, async (seed, ratePerSecond) => {
          const answers = await spike(policy, seed, ratePerSecond);
          expect(longestWaitMs(answers)).toBeLessThanOrEqual(MAX_QUEUE_MS + 2 * longestRunMs(answers));
        }),
        fuzzRuns(15),
      );
    },
  );

  it.each(PAST_SATURATION)(
    "at %d per second, with noise, keeps 999 of 1000 waits within maxQueueMs plus one inference",
    async (rate) => {
      let texts = 0;
      let over = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const answers = await spike("adaptive", seed, rate);
        const edge = answers.filter(({ side }) => side === "edge");
        const boundMs = MAX_QUEUE_MS + longestRunMs(answers);
        texts += edge.length;
        over += edge.filter(({ waitMs }) => waitMs > boundMs).length;
      }
      expect(over / texts).toBeLessThan(0.001);
    },
  );

  it("on a machine half as fast as the package's time model, keeps that bound after some runs", async () => {
    const trueTimeMs = { base: 4, perToken: 0.44, perTokenSquared: 0.00054 };
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const texts = trafficOf({ seed, ratePerSecond: 50, seconds: SECONDS }).map((text) => ({
          ...text,
          runNoise: 1,
        }));
        const answers = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE, trueTimeMs });
        // After 100 runs 0.8^100 of the error is left.
        const learned = answers.filter(({ side }) => side === "edge").slice(100);
        expect(longestWaitMs(learned)).toBeLessThanOrEqual(MAX_QUEUE_MS + longestRunMs(answers) + 0.001);
      }),
      fuzzRuns(15),
    );
  });
});

describe("plain routing", () => {
  it("past saturation, has a P95 wait that grows with the rate, to over ten times the adaptive one at 50 per second", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const p95 = async (policy: PolicyName, ratePerSecond: number) =>
          summarize(policy, ratePerSecond, await spike(policy, seed, ratePerSecond, 60)).edgeWaitMs.p95;
        const [at30, at40, at50] = [await p95("plain", 30), await p95("plain", 40), await p95("plain", 50)];
        expect(at40).toBeGreaterThan(at30);
        expect(at50).toBeGreaterThan(at40);
        expect(at50).toBeGreaterThan(10 * (await p95("adaptive", 50)));
      }),
      fuzzRuns(3),
    );
  });
});

describe("under every policy", () => {
  it("every text that arrives gets one answer", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, rates, fc.constantFrom(...POLICY_NAMES), async (seed, ratePerSecond, policy) => {
        const arrivals = trafficOf({ seed, ratePerSecond, seconds: SECONDS });
        const { edge, origin, originPercent } = summarize(
          policy,
          ratePerSecond,
          await spike(policy, seed, ratePerSecond),
        );
        expect(edge + origin).toBe(arrivals.length);
        const byReason = Object.values(originPercent.byReason).reduce((sum, percent) => sum + percent, 0);
        expect(byReason).toBeCloseTo(originPercent.total, 0);
      }),
      fuzzRuns(15),
    );
  });

  it("the same seed gives the same answers, and another seed others", async () => {
    const of = (seed: number) => spike("adaptive-budget-200", seed, 40);
    expect(await of(7)).toEqual(await of(7));
    expect(await of(7)).not.toEqual(await of(8));
  });

  it("an answer takes the wait and the run", async () => {
    for (const { waitMs, runMs, answerMs } of await spike("adaptive", 3, 50)) {
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(answerMs).toBeCloseTo(waitMs + runMs, 6);
    }
  });
});
