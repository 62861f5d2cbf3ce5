import { describe, expect, it, vi } from "vitest";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import { ONLY_THE_PARSER_SEES, origins, VALID, WRONG } from "./documents.ts";

const parsed = (value: unknown) => parsePolicy(JSON.stringify(value));

describe("parsePolicy", () => {
  it("fills every missing key with the documented default", () => {
    expect(defaultPolicy()).toMatchObject({
      version: 0,
      model: null,
      override: null,
      edge: { share: 100, maxTokens: 512, maxQueueMs: 400 },
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
      policy: { edge: { share: 10, maxTokens: 512 } },
    });
  });

  it("accepts every share of two decimals from 0 to 100", () => {
    for (let basisPoints = 0; basisPoints <= 10_000; basisPoints++) {
      // As users write it, not as a division returns it.
      const written = `${Math.floor(basisPoints / 100)}.${String(basisPoints % 100).padStart(2, "0")}`;
      expect(parsePolicy(`{"edge": {"share": ${written}}}`), written).toMatchObject({ ok: true });
    }
  });

  it.each(VALID)("accepts %s", (_, value) => {
    expect(parsed(value)).toMatchObject({ ok: true });
  });

  it.each([...WRONG, ...ONLY_THE_PARSER_SEES])(
    "reports the path of %s, the value seen and what is allowed",
    (_, value, problem) => {
      const result = parsed(value);
      expect(result).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
      expect(result.ok || result.problems).toHaveLength(1);
    },
  );

  it("refuses a name that zod drops, wherever names are free", () => {
    const origin = '{"url": "https://a.example/", "region": "us-east-1"}';
    expect(parsePolicy(`{"origins": {"a": ${origin}, "__proto__": ${origin}}}`)).toMatchObject({
      ok: false,
      problems: ["origins.__proto__: this name is not allowed; use another one"],
    });
    expect(parsePolicy('{"edge": {"__proto__": 1}}')).toMatchObject({ ok: false, problems: [expect.any(String)] });
  });

  it("a residency of the wrong shape is rejected for its shape", () => {
    for (const value of [
      { origins: 5, residency: { unknown: ["origin:mars"] } },
      { residency: 5 },
      { residency: { rules: [{ countries: ["DE"], allow: "origin:mars" }] } },
      { residency: { rules: [null], unknown: 5 } },
    ]) {
      expect(parsed(value)).toMatchObject({ ok: false, problem: expect.stringMatching(/; must be /) });
    }
  });

  it("shows a few of many origins when residency names one that does not exist", () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`region-${index}`, origins["us-east-1"]]),
    );
    const result = parsed({ origins: many, residency: { unknown: ["origin:mars"] } });
    expect(result.ok ? 0 : result.problem.length).toBeLessThan(300);
    expect(result).toMatchObject({ problem: expect.stringMatching(/"origin:region-7" …$/) });
  });

  it("reports every path that is wrong, each once", () => {
    const result = parsed({ edge: { share: 100.001 }, origin: { timeoutMs: 1.5 } });
    expect(result.ok || result.problems).toEqual([
      expect.stringMatching(/^edge\.share: 100\.001 is not allowed; must be a number from 0 to 100/),
      "origin.timeoutMs: 1.5 is not allowed; must be a whole number from 100 to 60000",
    ]);
    expect(result).toMatchObject({ problem: expect.stringMatching(/edge\.share.*; origin\.timeoutMs/) });
  });

  it.each([
    ["unknown keys", Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key${index}`, index]))],
    ["wrong values", { origins: Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`o-${index}`, 5])) }],
  ])("reports ten of thousands of %s, in a line that fits a trace", (_, document) => {
    const result = parsed(document);
    expect(result.ok || result.problems.length).toBe(11);
    const line = result.ok ? "" : result.problem;
    expect(line).toMatch(/; and (2990|[2-9]\d{3}) more$/);
    expect(line.length).toBeLessThan(5000);
  });

  it("refuses a document of more than 64 KiB before it is parsed, also of characters with several bytes", () => {
    const ofBytes = (bytes: number) => `{"version": 1}${" ".repeat(bytes - 14)}`;
    expect(parsePolicy(ofBytes(65_536))).toMatchObject({ ok: true });
    const parse = vi.spyOn(JSON, "parse");
    for (const [text, bytes] of [
      [ofBytes(65_537), 65_537],
      [`{"é": "${"é".repeat(40_000)}"}`, 80_010],
      ["[".repeat(4_000_000), 4_000_000],
    ] as const) {
      const problem = `the document has ${bytes} bytes; at most 65536 are allowed`;
      expect(parsePolicy(text)).toEqual({ ok: false, problem, problems: [problem] });
    }
    expect(parse).not.toHaveBeenCalled();
  });

  it.each([
    ["{", "not JSON: expected a key or } at line 1, column 2, found the end of the text"],
    ['{\n  "version": 1,\n}', 'not JSON: expected a key at line 3, column 1, found "}"'],
    ["", "not JSON: expected a value at line 1, column 1, found the end of the text"],
  ])("reports where %j stops being JSON", (text, problem) => {
    expect(parsePolicy(text)).toEqual({ ok: false, problem, problems: [problem] });
  });

  it("never shows the secrets of a URL", () => {
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
