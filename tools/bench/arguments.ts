/** The command line of the benches. Pure. */
import { parseArgs } from "node:util";
import type { Bench, OptionValues } from "./bench.ts";

export interface ParsedArguments {
  kind: "run";
  bench: Bench;
  json: boolean;
  values: OptionValues;
}

/** @returns the bench to run and its option values, a request for help, or one sentence on what is wrong */
export function parseArguments(
  argv: readonly string[],
  benches: readonly Bench[],
): ParsedArguments | { kind: "help" } | { kind: "problem"; problem: string } {
  if (argv.includes("--help") || argv.includes("-h")) return { kind: "help" };
  const name = argv.find((word) => !word.startsWith("-"));
  const bench = benches.find((one) => one.name === name);
  if (bench === undefined) {
    const problem = name === undefined ? "A bench is missing" : `Unknown bench "${name}"`;
    const list = benches.map((one) => `${one.name} (${one.summary})`).join(", ");
    return { kind: "problem", problem: `${problem}; use one of ${list}: npm run bench -- <name> [--json].` };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...bench.options, json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [, extra] = positionals;
    if (extra !== undefined) return { kind: "problem", problem: `Unexpected argument "${extra}"; name one bench.` };
    return { kind: "run", bench, json: values["json"] === true, values };
  } catch (error) {
    const problem = `${firstSentence(error)} Options of the bench ${bench.name}: ${optionNames(bench).join(", ")}.`;
    return { kind: "problem", problem };
  }
}

/** @returns the text of `--help`: every bench with its options */
export function helpText(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  const entries = benches.map(
    (bench) =>
      `  ${bench.name.padEnd(width)}  ${bench.summary}\n  ${" ".repeat(width)}  ${optionNames(bench).join(" ")}`,
  );
  return [
    "Usage: npm run bench -- <name> [options]",
    "",
    "Run one measurement and print tables. --json prints one JSON object as the last line instead.",
    "",
    ...entries,
  ].join("\n");
}

/** An option value that is not allowed; the message names the allowed ones. */
export class UsageError extends Error {}

/** @returns the whole number of an option, or `fallback` if the option is absent @throws UsageError */
export function wholeNumber(
  values: OptionValues,
  option: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const value = values[option];
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new UsageError(`--${option} is "${String(value)}"; it must be a whole number from ${min} to ${max}.`);
}

/** @returns the option's value, which must be one of `words`; the first word if the option is absent @throws UsageError */
export function oneOf<Word extends string>(
  values: OptionValues,
  option: string,
  words: readonly [Word, ...Word[]],
): Word {
  const value = values[option] ?? words[0];
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw new UsageError(`--${option} is "${String(value)}"; it must be ${words.join(" or ")}.`);
}

function optionNames(bench: Bench): string[] {
  return ["json", ...Object.keys(bench.options)].map((option) => `--${option}`);
}

/** Node appends advice about `--`, which does not apply to the benches. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, "")}.`;
}
