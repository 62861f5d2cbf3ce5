import { describe, expect, it } from "vitest";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";

const parsed = (value: unknown) => parsePolicy(JSON.stringify(value));

describe("parsePolicy", () => {
  it("fills every key that is left out with the documented default", () => {
    expect(defaultPolicy()).toEqual({
      version: 0,
      override: null,
      edge: { share: 100, maxTokens: 256, maxQueueMs: 400 },
      origin: { timeoutMs: 8000 },
      breaker: {
        edge: { consecutive: 3, openMs: 30_000 },
        origin: {
          consecutive: 5,
          openMs: 30_000,
          windowMs: 10_000,
          failureRate: 50,
          minCalls: 10,
          slowMs: 5000,
        },
      },
    });
    expect(parsed({})).toEqual({ ok: true, policy: defaultPolicy() });
    expect(parsed({ edge: { share: 10 } })).toMatchObject({
      ok: true,
      policy: { edge: { share: 10, maxTokens: 256 } },
    });
  });

  it.each([0, 0.01, 12.34, 99.99, 100])("takes a share of %d percent", (share) => {
    expect(parsed({ edge: { share } })).toMatchObject({ ok: true, policy: { edge: { share } } });
  });

  const wrong: [string, unknown, RegExp][] = [
    ["a share below 0", { edge: { share: -0.01 } }, /edge\.share/],
    ["a share above 100", { edge: { share: 100.01 } }, /edge\.share/],
    ["a share of three decimals", { edge: { share: 0.001 } }, /edge\.share: at most two decimals/],
    ["a share that is text", { edge: { share: "10" } }, /edge\.share/],
    ["a side that does not exist", { override: "lambda" }, /override/],
    ["an unknown key", { egde: {} }, /egde/],
    ["an unknown key inside", { origin: { timeout: 5 } }, /origin.*timeout/],
    ["no timeout", { origin: { timeoutMs: 0 } }, /origin\.timeoutMs/],
    ["a list", [], /policy/],
    ["null", null, /policy/],
  ];
  it.each(wrong)("names the place of %s", (_, value, problem) => {
    expect(parsed(value)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  it("names every place that is wrong", () => {
    expect(parsed({ edge: { share: 101 }, origin: { timeoutMs: 1 } })).toMatchObject({
      problem: expect.stringMatching(/edge\.share.*; origin\.timeoutMs/),
    });
  });

  it("says so when the text is not JSON", () => {
    expect(parsePolicy("{")).toMatchObject({ ok: false, problem: expect.stringMatching(/^not JSON/) });
  });
});
