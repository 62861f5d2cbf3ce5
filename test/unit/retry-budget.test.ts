import { describe, expect, it } from "vitest";
import { RetryBudget } from "../../gateway/retry-budget.ts";

const policy = { percent: 20, minPerSecond: 3 };

/** Sends texts at a rate, each of which wants a second try; resolves to how many tries were allowed. */
function storm(budget: RetryBudget, textsPerSecond: number, seconds: number, bend: Partial<typeof policy> = {}) {
  let allowed = 0;
  for (let text = 0; text < textsPerSecond * seconds; text++) {
    const nowMs = (text * 1000) / textsPerSecond;
    budget.noteText(nowMs);
    if (budget.take({ ...policy, ...bend }, nowMs)) allowed += 1;
  }
  return allowed;
}

describe("the retry budget", () => {
  it("a minute of failures at 100 texts a second never becomes more than 1.2 times the traffic", () => {
    expect(storm(new RetryBudget(), 100, 60, { minPerSecond: 0 }) / 6000).toBeLessThanOrEqual(0.2);
    expect(storm(new RetryBudget(), 100, 60) / 6000).toBeLessThanOrEqual(0.205);
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
    expect(takeAll(0)).toBe(30);
    expect(takeAll(9000)).toBe(0);
    expect(takeAll(10_000)).toBe(30);
  });
});
