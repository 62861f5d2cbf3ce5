import { describe, expect, it } from "vitest";
import { RetryBudget } from "../../../../gateway/dispatch/retry-budget.ts";

const policy = { percent: 20, minPerSecond: 3 };

/** Counts texts at a rate and asks for a fallback for each; returns how many were allowed. */
function storm(budget: RetryBudget, textsPerSecond: number, seconds: number, bend: Partial<typeof policy> = {}) {
  let allowed = 0;
  for (let text = 0; text < textsPerSecond * seconds; text++) {
    const nowMs = (text * 1000) / textsPerSecond;
    budget.countText(nowMs);
    if (budget.take({ ...policy, ...bend }, nowMs)) allowed += 1;
  }
  return allowed;
}

describe("the retry budget", () => {
  it("a minute of failures at 100 texts a second never becomes more than 1.2 times the traffic", () => {
    expect(storm(new RetryBudget(), 100, 60, { minPerSecond: 0 }) / 6000).toBeLessThanOrEqual(0.2);
    expect(storm(new RetryBudget(), 100, 60) / 6000).toBeLessThanOrEqual(0.2);
  });

  it.each([
    [1, 60],
    [5, 60],
    [10, 60],
    [15, 60],
    [30, 2],
    [50, 1],
    [50, 2],
    [50, 60],
  ])("at %i texts a second, %i s long, adds a fifth of them, or 3 a second where that is more", (rate, seconds) => {
    const tries = storm(new RetryBudget(), rate, seconds);
    expect(tries).toBeLessThanOrEqual(Math.max(0.2 * rate * seconds, Math.min(rate, 3) * seconds));
  });

  it("is not saved up in a quiet time", () => {
    const budget = new RetryBudget();
    budget.countText(0);
    const burst = Array.from({ length: 100 }, () => {
      budget.countText(60_000);
      return budget.take(policy, 60_000);
    });
    expect(burst.filter(Boolean)).toHaveLength(20);
  });

  it("a trickle of texts may always be tried again", () => {
    expect(storm(new RetryBudget(), 2, 60)).toBe(120);
  });

  it("gives nothing at 0 percent and no minimum", () => {
    expect(storm(new RetryBudget(), 10, 10, { percent: 0, minPerSecond: 0 })).toBe(0);
  });

  it("what was spent comes back when its ten seconds are over", () => {
    const budget = new RetryBudget();
    const takeAll = (nowMs: number) => {
      let taken = 0;
      while (budget.take(policy, nowMs)) taken += 1;
      return taken;
    };
    expect(takeAll(0)).toBe(3);
    expect(takeAll(9000)).toBe(27);
    expect(takeAll(9999)).toBe(0);
    expect(takeAll(19_000)).toBe(3);
  });
});
