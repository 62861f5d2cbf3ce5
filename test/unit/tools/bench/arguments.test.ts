import { describe, expect, it } from "vitest";
import { oneOf, parseArguments, UsageError, wholeNumber } from "../../../../tools/bench/arguments.ts";
import type { Bench } from "../../../../tools/bench/bench.ts";
import { withPlain } from "../../../../tools/bench/plain/client.ts";

const bench = (name: string): Bench => ({
  name,
  summary: `measures ${name}`,
  options: { samples: { type: "string" } },
  run: () => Promise.reject(new Error("not run here")),
});
const benches = [bench("edge"), bench("memory")];

describe("the command line", () => {
  it("takes a name alone", () => {
    expect(parseArguments(["edge"], benches)).toMatchObject({ ok: true, bench: { name: "edge" }, json: false });
  });

  it.each([[["memory", "--json"]], [["--json", "memory"]]])("takes --json anywhere: %j", (argv) => {
    expect(parseArguments(argv, benches)).toMatchObject({ ok: true, bench: { name: "memory" }, json: true });
  });

  it("hands the bench its own options", () => {
    expect(parseArguments(["edge", "--samples", "50"], benches)).toMatchObject({ values: { samples: "50" } });
  });

  it.each([
    { what: "no name", argv: ["--json"], says: "No bench was named" },
    { what: "an unknown name", argv: ["egde"], says: 'There is no bench "egde"' },
    { what: "an unknown option", argv: ["edge", "--fast"], says: "--fast" },
    { what: "a value missing", argv: ["edge", "--samples"], says: "--samples" },
    { what: "two names", argv: ["edge", "memory"], says: '"memory" is one word too many' },
  ])("refuses $what in one sentence", ({ argv, says }) => {
    const parsed = parseArguments(argv, benches);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? "" : parsed.problem).toContain(says);
  });

  it("lists every bench where the name is unknown", () => {
    const parsed = parseArguments(["nothing"], benches);
    expect(parsed.ok ? "" : parsed.problem).toContain("edge (measures edge), memory (measures memory)");
  });
});

describe("a whole number", () => {
  const limits = { min: 30, max: 1000, fallback: 40 };

  it.each([
    [undefined, 40],
    ["30", 30],
    ["1000", 1000],
  ])("%s is %d", (value, expected) => {
    expect(wholeNumber({ samples: value }, "samples", limits)).toBe(expected);
  });

  it.each(["29", "1001", "40.5", "many", ""])("refuses %j and says what is allowed", (value) => {
    const refusal = new UsageError(`--samples is "${value}"; it must be a whole number from 30 to 1000.`);
    expect(() => wholeNumber({ samples: value }, "samples", limits)).toThrow(refusal);
  });
});

describe("one of a few words", () => {
  const words = ["default", "distilbert"] as const;

  it.each([
    [undefined, "default"],
    ["distilbert", "distilbert"],
  ])("%s is %s", (value, expected) => {
    expect(oneOf({ model: value }, "model", words)).toBe(expected);
  });

  it("refuses another and says what is allowed", () => {
    const refusal = new UsageError('--model is "bert"; it must be default or distilbert.');
    expect(() => oneOf({ model: "bert" }, "model", words)).toThrow(refusal);
  });
});

describe("the plain way", () => {
  it.each([
    [{}, false],
    [{ plain: true }, true],
    [{ model: "distilbert" }, true],
    [{ model: "default", plain: true }, true],
  ])("with %j is measured: %s", (values, expected) => {
    expect(withPlain(values)).toBe(expected);
  });
});
