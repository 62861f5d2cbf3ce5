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

  it("takes every share of two decimals from 0 to 100", () => {
    for (let basisPoints = 0; basisPoints <= 10_000; basisPoints++) {
      // As a person writes it, not as a division gives it.
      const written = `${Math.floor(basisPoints / 100)}.${String(basisPoints % 100).padStart(2, "0")}`;
      expect(parsePolicy(`{"edge": {"share": ${written}}}`), written).toMatchObject({ ok: true });
    }
  });

  it.each([0.001, 12.345, 12.3400001, 99.999, 1e-9, 33.333333333333336])(
    "refuses a share of %d: it has more than two decimals",
    (share) => {
      const problems = [`edge.share: ${share} is not allowed; at most two decimals`];
      expect(parsed({ edge: { share } })).toMatchObject({ ok: false, problems });
      expect(parsed({ shadow: { share } })).toMatchObject({ ok: false });
    },
  );

  describe("an origin that residency allows must exist", () => {
    const address = { url: "https://example.com/", region: "eu-central-1" };
    const origins = { "eu-central-1": address, "us-east-1": address };
    const rule = (...allow: string[]) => ({ residency: { rules: [{ countries: ["EU"], allow }] } });
    const unknown = (...allow: string[]) => ({ residency: { unknown: allow } });

    it.each([
      ["of the policy's", { origins, ...rule("edge", "origin:eu-central-1") }],
      ["of the policy's, for unknown countries", { origins, ...unknown("origin:us-east-1") }],
      ["any", { origins, ...rule("origin") }],
      ["the deployment's own", rule("origin:default")],
    ])("%s is taken", (_, value) => {
      expect(parsed(value)).toMatchObject({ ok: true });
    });

    const known = 'known here: "origin:eu-central-1", "origin:us-east-1"';
    it.each([
      [
        "a mistyped name",
        { origins, ...rule("edge", "origin:eu-centrl-1") },
        'residency.rules.0.allow.1: "origin:eu-centrl-1" is not allowed; no origin has this name; did you mean "origin:eu-central-1"?',
      ],
      [
        "a mistyped name for unknown countries",
        { origins, ...unknown("origin:us-est-1") },
        'residency.unknown.0: "origin:us-est-1" is not allowed; no origin has this name; did you mean "origin:us-east-1"?',
      ],
      [
        "a name like no other",
        { origins, ...rule("origin:mars") },
        `residency.rules.0.allow.0: "origin:mars" is not allowed; no origin has this name; ${known}`,
      ],
      [
        "the deployment's own, which serves only where the policy names none",
        { origins, ...rule("origin:default") },
        `residency.rules.0.allow.0: "origin:default" is not allowed; no origin has this name; ${known}`,
      ],
      [
        "any name where the policy has no origins",
        rule("origin:eu-central-1"),
        'residency.rules.0.allow.0: "origin:eu-central-1" is not allowed; no origin has this name; known here: "origin:default"',
      ],
    ])("%s is refused, with its place", (_, value, problem) => {
      expect(parsed(value)).toEqual({ ok: false, problem, problems: [problem] });
    });

    it("a document of the wrong shape is refused for its shape", () => {
      for (const value of [
        { origins: 5, ...rule("origin:mars") },
        { residency: 5 },
        { residency: { rules: [{ countries: ["DE"], allow: "origin:mars" }] } },
        { residency: { rules: [null], unknown: 5 } },
      ]) {
        expect(parsed(value)).toMatchObject({ ok: false, problem: expect.stringMatching(/; must be /) });
      }
    });

    it("of many origins a message names a few", () => {
      const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`region-${index}`, address]));
      const result = parsed({ origins: many, ...rule("origin:mars") });
      expect(result.ok ? 0 : result.problem.length).toBeLessThan(300);
      expect(result).toMatchObject({ problem: expect.stringMatching(/"origin:region-7" …$/) });
    });
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
