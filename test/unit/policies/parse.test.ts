import { describe, expect, it } from "vitest";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";

const parsed = (value: unknown) => parsePolicy(JSON.stringify(value));

describe("parsePolicy", () => {
  it("fills every key that is left out with the documented default", () => {
    expect(defaultPolicy()).toMatchObject({
      version: 0,
      model: null,
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

  const wrong: [string, unknown, string][] = [
    ["a share below 0", { edge: { share: -0.01 } }, "edge.share: -0.01 is not allowed; must be a number from 0 to 100"],
    ["a share above 100", { edge: { share: 100.01 } }, "edge.share: 100.01 is not allowed; must be a number from 0"],
    ["a share of three decimals", { edge: { share: 0.001 } }, "edge.share: 0.001 is not allowed; "],
    ["a share that is text", { edge: { share: "10" } }, 'edge.share: "10" is not allowed; must be a number from 0'],
    [
      "a side that does not exist",
      { override: "lambda" },
      'override: "lambda" is not allowed; must be "edge", "origin"',
    ],
    ["an unknown key", { egde: {} }, "egde: unknown key; did you mean edge?"],
    ["an unknown key inside", { edge: { shar: 5 } }, "edge.shar: unknown key; did you mean share?"],
    ["a key without its unit", { origin: { timeout: 5 } }, "origin.timeout: unknown key; did you mean timeoutMs?"],
    ["a key that belongs elsewhere", { maxTokens: 5 }, "maxTokens: unknown key; did you mean edge.maxTokens?"],
    ["a key like no other", { origin: { qqqqqqqq: 5 } }, "origin.qqqqqqqq: unknown key; known here: timeoutMs"],
    ["a key that objects have by nature", JSON.parse('{"__proto__": 1}'), "__proto__: unknown key; known here: "],
    ["no timeout", { origin: { timeoutMs: 0 } }, "origin.timeoutMs: 0 is not allowed; must be a whole number from 100"],
    ["a list", [], "policy: a list is not allowed; must be an object"],
    ["null", null, "policy: null is not allowed; must be an object"],
  ];
  it.each(wrong)("names the place of %s, what was seen and what is allowed", (_, value, problem) => {
    const result = parsed(value);
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
    expect(result.ok || result.problems).toHaveLength(1);
  });

  it("names every place that is wrong, each once", () => {
    const result = parsed({ edge: { share: 100.001 }, origin: { timeoutMs: 1.5 } });
    expect(result.ok || result.problems).toEqual([
      expect.stringMatching(/^edge\.share: 100\.001 is not allowed; must be a number from 0 to 100/),
      "origin.timeoutMs: 1.5 is not allowed; must be a whole number from 100 to 60000",
    ]);
    expect(result).toMatchObject({ problem: expect.stringMatching(/edge\.share.*; origin\.timeoutMs/) });
  });

  it("tells of thousands of problems in a line that a trace can hold", () => {
    const result = parsed(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, index])));
    expect(result.ok || result.problems.length).toBe(5000);
    const line = result.ok ? "" : result.problem;
    expect(line).toMatch(/; and 4990 more$/);
    expect(line.length).toBeLessThan(5000);
  });

  it.each([
    ["{", "not JSON: the text ends at line 1, column 2, where a key or } is expected"],
    ['{\n  "version": 1,\n}', 'not JSON: there is "}" at line 3, column 1, where a key is expected'],
    ["", "not JSON: the text ends at line 1, column 1, where a value is expected"],
  ])("says where %j stops being JSON", (text, problem) => {
    expect(parsePolicy(text)).toEqual({ ok: false, problem, problems: [problem] });
  });

  it("never shows what an address may hide", () => {
    const secret = "hunter2";
    for (const text of [
      `{"model": "https://user:${secret}@example.com/${secret}?key=${secret}"}`,
      `{"override": "user:${secret}@example.com"}`,
      `{"a": https://user:${secret}@example.com}`,
    ]) {
      const result = parsePolicy(text);
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain(secret);
    }
  });
});
