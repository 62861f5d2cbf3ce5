/** What the simulated spike shows at any seed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answered } from "../../../../tools/bench/spike/isolate.ts";
import { simulate, summarize } from "../../../../tools/bench/spike/measure.ts";
import { POLICY_NAMES, type PolicyName, policyOf } from "../../../../tools/bench/spike/policies.ts";
import { trafficOf } from "../../../../tools/bench/spike/traffic.ts";

/** About 35 texts a second; a package packed anew may have other times. */
const EDGE = { maxTokens: 256, timeMs: { base: 2, perToken: 0.22, perTokenSquared: 0.00027 } };
const PAST_SATURATION = [40, 50];
const SECONDS = 20;
const MAX_QUEUE_MS = 400;

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const rates = fc.constantFrom(1, 5, 15, 25, 30, ...PAST_SATURATION);

function spike(way: PolicyName, seed: number, ratePerSecond: number, seconds = SECONDS): Promise<readonly Answered[]> {
  const texts = trafficOf({ seed, ratePerSecond, seconds });
  return simulate({ texts, policy: policyOf(way), edge: EDGE });
}

function longestRunMs(answered: readonly Answered[]): number {
  return Math.max(0, ...answered.filter(({ side }) => side === "edge").map(({ runMs }) => runMs));
}

/** Of those that were sent to the edge because nothing spoke against it. */
function longestWaitMs(answered: readonly Answered[]): number {
  return Math.max(0, ...answered.filter(({ because }) => because === "within-share").map(({ waitMs }) => waitMs));
}

describe("adaptive routing", () => {
  it("where runs take what is predicted, lets no text wait longer than maxQueueMs and one inference", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, rates, async (seed, ratePerSecond) => {
        const texts = trafficOf({ seed, ratePerSecond, seconds: SECONDS }).map((text) => ({ ...text, runNoise: 1 }));
        const answered = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE });
        expect(longestWaitMs(answered)).toBeLessThanOrEqual(MAX_QUEUE_MS + longestRunMs(answered));
      }),
      { numRuns: 60 },
    );
  });

  it.each(["adaptive", "adaptive-budget-800", "adaptive-budget-200"] as const)(
    "%s: with noise in the runs, lets no text wait longer than that and another inference",
    async (way) => {
      await fc.assert(
        fc.asyncProperty(seeds, rates, async (seed, ratePerSecond) => {
          const answered = await spike(way, seed, ratePerSecond);
          expect(longestWaitMs(answered)).toBeLessThanOrEqual(MAX_QUEUE_MS + 2 * longestRunMs(answered));
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each(PAST_SATURATION)("at %d a second, with noise, keeps 999 of 1000 texts to the one inference", async (rate) => {
    let texts = 0;
    let over = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const answered = await spike("adaptive", seed, rate);
      const edge = answered.filter(({ side }) => side === "edge");
      const boundMs = MAX_QUEUE_MS + longestRunMs(answered);
      texts += edge.length;
      over += edge.filter(({ waitMs }) => waitMs > boundMs).length;
    }
    expect(over / texts).toBeLessThan(0.001);
  });

  it("on a machine twice as slow as the package says, keeps the same bound once it has seen some runs", async () => {
    const trueTimeMs = { base: 4, perToken: 0.44, perTokenSquared: 0.00054 };
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const texts = trafficOf({ seed, ratePerSecond: 50, seconds: SECONDS }).map((text) => ({
          ...text,
          runNoise: 1,
        }));
        const answered = await simulate({ texts, policy: policyOf("adaptive"), edge: EDGE, trueTimeMs });
        // What is left of the error after 100 runs is 0.8^100 of it.
        const learned = answered.filter(({ side }) => side === "edge").slice(100);
        expect(longestWaitMs(learned)).toBeLessThanOrEqual(MAX_QUEUE_MS + longestRunMs(answered) + 0.001);
      }),
      { numRuns: 40 },
    );
  });
});

describe("plain routing", () => {
  it("past saturation, lets the P95 wait grow with the rate, to over ten times the adaptive one at 50 a second", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const p95 = async (way: PolicyName, ratePerSecond: number) =>
          summarize(way, ratePerSecond, await spike(way, seed, ratePerSecond, 60)).edgeWaitMs.p95;
        const [at30, at40, at50] = [await p95("plain", 30), await p95("plain", 40), await p95("plain", 50)];
        expect(at40).toBeGreaterThan(at30);
        expect(at50).toBeGreaterThan(at40);
        expect(at50).toBeGreaterThan(10 * (await p95("adaptive", 50)));
      }),
      { numRuns: 10 },
    );
  });
});

describe("whatever the way", () => {
  it("every text that arrives gets one answer", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, rates, fc.constantFrom(...POLICY_NAMES), async (seed, ratePerSecond, way) => {
        const arrivals = trafficOf({ seed, ratePerSecond, seconds: SECONDS });
        const { edge, origin, originPercent } = summarize(way, ratePerSecond, await spike(way, seed, ratePerSecond));
        expect(edge + origin).toBe(arrivals.length);
        const byReason = Object.values(originPercent.byReason).reduce((sum, percent) => sum + percent, 0);
        expect(byReason).toBeCloseTo(originPercent.total, 0);
      }),
      { numRuns: 30 },
    );
  });

  it("the same seed gives the same answers, and another seed others", async () => {
    const of = (seed: number) => spike("adaptive-budget-200", seed, 40);
    expect(await of(7)).toEqual(await of(7));
    expect(await of(7)).not.toEqual(await of(8));
  });

  it("no text ends before it has waited and run", async () => {
    for (const { waitMs, runMs, answerMs } of await spike("adaptive", 3, 50)) {
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(answerMs).toBeCloseTo(waitMs + runMs, 6);
    }
  });
});
