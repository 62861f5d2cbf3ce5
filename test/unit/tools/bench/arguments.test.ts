import { describe, expect, it } from "vitest";
import {
  helpText,
  numberOption,
  oneOf,
  parseArguments,
  UsageError,
  wholeNumber,
} from "../../../../tools/bench/arguments.ts";
import type { Bench } from "../../../../tools/bench/bench.ts";
import { withPlain } from "../../../../tools/bench/plain/client.ts";

const bench = (name: string): Bench => ({
  name,
  summary: `measures ${name}`,
  options: { samples: numberOption("texts per length", { min: 30, max: 1000, fallback: 40 }) },
  quick: { samples: "30" },
  run: () => Promise.reject(new Error("not run here")),
});
const benches = [bench("edge"), bench("memory")];

describe("the command line", () => {
  it("accepts only a name", () => {
    expect(parseArguments(["edge"], benches)).toMatchObject({ kind: "run", bench: { name: "edge" }, json: false });
  });

  it.each([[["memory", "--json"]], [["--json", "memory"]]])("accepts --json before and after the name: %j", (argv) => {
    expect(parseArguments(argv, benches)).toMatchObject({ kind: "run", bench: { name: "memory" }, json: true });
  });

  it("gives the bench its options", () => {
    expect(parseArguments(["edge", "--samples", "50"], benches)).toMatchObject({ values: { samples: "50" } });
  });

  it("with --quick has the bench's short form, which the options of the command line override", () => {
    const values = (...argv: string[]) => parseArguments(argv, benches);
    expect(values("edge", "--quick")).toMatchObject({ values: { quick: true, samples: "30" } });
    expect(values("--quick", "edge", "--samples", "35")).toMatchObject({ values: { samples: "35" } });
    expect(values("edge")).not.toHaveProperty("values.samples");
  });

  it.each([
    { what: "no name", argv: ["--json"], problem: "A bench is missing" },
    { what: "an unknown name", argv: ["egde"], problem: 'Unknown bench "egde"' },
    { what: "an unknown option", argv: ["edge", "--fast"], problem: "--fast" },
    { what: "a missing value", argv: ["edge", "--samples"], problem: "--samples" },
    { what: "two names", argv: ["edge", "memory"], problem: 'Unexpected argument "memory"' },
  ])("refuses $what in one sentence", ({ argv, problem }) => {
    expect(parseArguments(argv, benches)).toEqual({ kind: "problem", problem: expect.stringContaining(problem) });
  });

  it("lists every bench if the name is unknown", () => {
    const problem = expect.stringMatching(/use one of edge, memory\. npm run bench -- --help describes them\.$/);
    expect(parseArguments(["nothing"], benches)).toEqual({ kind: "problem", problem });
  });

  it.each([
    [["--help"], null],
    [["-h", "--json"], null],
    [["edge", "-h"], "edge"],
    [["--help", "memory"], "memory"],
  ])("has help: %j", (argv, name) => {
    const bench = name === null ? null : expect.objectContaining({ name });
    expect(parseArguments(argv, benches)).toEqual({ kind: "help", bench });
  });

  it.each([[["--version"]], [["edge", "--version"]], [["--version", "--json", "memory"]]])(
    "has the version: %j",
    (argv) => {
      expect(parseArguments(argv, benches)).toEqual({ kind: "version" });
    },
  );

  it("asked for help with a name that does not exist, names those that do", () => {
    expect(parseArguments(["egde", "--help"], benches)).toMatchObject({ kind: "problem" });
  });
});

describe("the help", () => {
  it("lists the benches, and names the help of each", () => {
    expect(helpText(benches, null, null)).toBe(
      [
        "Usage: npm run bench -- <name> [options]",
        "",
        "Run one measurement and print tables. Options of a bench: npm run bench -- <name> --help",
        "",
        "  edge    measures edge",
        "  memory  measures memory",
      ].join("\n"),
    );
  });

  it("of a bench has its options with their values, bounds and defaults, in the terminal's width", () => {
    const lines = helpText(benches, bench("edge"), 60).split("\n");
    expect(lines).toEqual([
      "Usage: npm run bench -- edge [options]",
      "",
      "Measures measures edge.",
      "",
      "  --json              print one JSON object as the last",
      "                      line, and no tables",
      "  --quick             a short form, for a first look:",
      "                      --samples 30",
      "  --samples <number>  texts per length (30 to 1000, default",
      "                      40)",
    ]);
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

  it.each(["29", "1001", "40.5", "many", ""])("refuses %j and names the allowed values", (value) => {
    const refusal = new UsageError(`--samples is "${value}"; it must be a whole number from 30 to 1000.`);
    expect(() => wholeNumber({ samples: value }, "samples", limits)).toThrow(refusal);
  });
});

describe("an option with a list of allowed values", () => {
  const words = ["default", "distilbert"] as const;

  it.each([
    [undefined, "default"],
    ["distilbert", "distilbert"],
  ])("%s is %s", (value, expected) => {
    expect(oneOf({ model: value }, "model", words)).toBe(expected);
  });

  it("refuses another value and names the allowed ones", () => {
    const refusal = new UsageError('--model is "bert"; it must be default or distilbert.');
    expect(() => oneOf({ model: "bert" }, "model", words)).toThrow(refusal);
  });
});

describe("the plain Worker", () => {
  it.each([
    [{}, false],
    [{ plain: true }, true],
    [{ model: "distilbert" }, true],
    [{ model: "default", plain: true }, true],
  ])("is measured with %j: %s", (values, expected) => {
    expect(withPlain(values)).toBe(expected);
  });
});
