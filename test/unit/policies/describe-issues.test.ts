/** The messages for a schema of this test: they hold for any schema. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeIssues, schemaWordsOnly } from "../../../policies/messages/describe-issues.ts";

const rule = z.strictObject({ countries: z.array(z.string().regex(/^[A-Z]{2}$/, "must be two capitals")).min(1) });
const schema = z.strictObject({
  ratio: z.number().min(0).max(1).default(1),
  origins: z.record(z.string().regex(/^[a-z-]+$/, "must be lowercase"), z.strictObject({ url: z.url() })).default({}),
  rules: z.array(rule).default([]),
  unknown: z.union([z.enum(["allow", "refuse"]), z.array(z.enum(["edge", "origin"]))]).default("allow"),
  afterMs: z.int().min(1).nullable().default(null),
  on: z.boolean().default(false),
  nested: z.strictObject({ deep: z.strictObject({ share: z.number().default(0) }).prefault({}) }).prefault({}),
});

function problems(value: unknown): string[] {
  const parsed = schema.safeParse(value, { error: schemaWordsOnly });
  return parsed.success ? [] : describeIssues(schema, parsed.error.issues, value).sentences;
}

describe("describeIssues", () => {
  it.each([
    [{ ratio: 2 }, "ratio: 2 is not allowed; must be a number from 0 to 1"],
    [{ ratio: {} }, "ratio: an object is not allowed; must be a number from 0 to 1"],
    [{ afterMs: "5" }, 'afterMs: "5" is not allowed; must be a whole number of at least 1 or null'],
    [{ on: "yes" }, 'on: "yes" is not allowed; must be true or false'],
    [{ origins: { us: {} } }, "origins.us.url: missing; must be a URL"],
    [{ origins: { us: { ulr: 1, url: "https://x" } } }, "origins.us.ulr: unknown key; did you mean url?"],
    [{ origins: { "A b": { url: "https://x" } } }, 'origins["A b"]: invalid name; must be lowercase'],
    [{ rules: [{ countries: ["de"] }] }, 'rules.0.countries.0: "de" is not allowed; must be two capitals'],
    [{ rules: [{ country: ["DE"], countries: ["DE"] }] }, "rules.0.country: unknown key; did you mean countries?"],
    [{ unknown: "alow" }, 'unknown: "alow" is not allowed; must be "allow", "refuse" or a list of: "edge" or "origin"'],
    [{ unknown: ["edg"] }, 'unknown.0: "edg" is not allowed; must be "edge" or "origin"'],
    [{ nested: { deep: { shar: 1 } } }, "nested.deep.shar: unknown key; did you mean share?"],
    [{ deep: {} }, "deep: unknown key; did you mean nested.deep?"],
    [{ nested: { zzzzzz: 1 } }, "nested.zzzzzz: unknown key; known keys: deep"],
  ])("%j: %s", (value, problem) => {
    expect(problems(value)).toEqual([problem]);
  });

  it("shortens long values and keys", () => {
    const long = "x".repeat(10_000);
    for (const value of [{ on: long }, { [long]: 1 }]) {
      const [problem = ""] = problems(value);
      expect(problem.length).toBeLessThan(250);
      expect(problem).toContain("…");
    }
  });
});
