/** The command line of the benches. Pure. */
import { parseArgs } from "node:util";
import { tableLines } from "../spillway/terminal/table.ts";
import { wrapped } from "../spillway/terminal/wrap.ts";
import type { Bench, BenchOption, OptionValues } from "./bench.ts";

export interface ParsedArguments {
  kind: "run";
  bench: Bench;
  json: boolean;
  /** With `--quick`, `values` has the bench's short form, and `quick` is true. */
  values: OptionValues;
}

/** @returns the bench to run and its option values, a request for help or the version, or one sentence on what is wrong */
export function parseArguments(
  argv: readonly string[],
  benches: readonly Bench[],
):
  | ParsedArguments
  | { kind: "help"; bench: Bench | null }
  | { kind: "version" }
  | { kind: "problem"; problem: string } {
  const name = argv.find((word) => !word.startsWith("-"));
  const bench = benches.find((one) => one.name === name);
  const asksForHelp = argv.includes("--help") || argv.includes("-h");
  if (asksForHelp && (name === undefined || bench !== undefined)) return { kind: "help", bench: bench ?? null };
  if (argv.includes("--version") && (name === undefined || bench !== undefined)) return { kind: "version" };
  if (bench === undefined) {
    const problem = name === undefined ? "A bench is missing" : `Unknown bench "${name}"`;
    const list = benches.map((one) => one.name).join(", ");
    const next = "npm run bench -- --help describes them";
    return { kind: "problem", problem: `${problem}; use one of ${list}. ${next}.` };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...bench.options, json: { type: "boolean", default: false }, quick: { type: "boolean" } },
      allowPositionals: true,
    });
    const [, extra] = positionals;
    if (extra !== undefined) return { kind: "problem", problem: `Unexpected argument "${extra}"; name one bench.` };
    const short = values["quick"] === true ? bench.quick : {};
    return { kind: "run", bench, json: values["json"] === true, values: { ...short, ...values } };
  } catch (error) {
    const problem = `${firstSentence(error)} Options of the bench ${bench.name}: ${optionNames(bench).join(", ")}.`;
    return { kind: "problem", problem };
  }
}

/**
 * The text of `--help`, from the benches and their options.
 * @param bench null for the list of all
 * @param columns of the terminal; null for no wrapping
 */
export function helpText(benches: readonly Bench[], bench: Bench | null, columns: number | null): string {
  const usage = `Usage: npm run bench -- ${bench?.name ?? "<name>"} [options]`;
  const about =
    bench === null
      ? "Run one measurement and print tables. Options of a bench: npm run bench -- <name> --help"
      : `Measures ${bench.summary}.`;
  const rows =
    bench === null
      ? benches.map(({ name, summary }) => [`  ${name}`, summary])
      : Object.entries({ json: JSON_OPTION, quick: quickOption(bench), ...bench.options }).map(([name, option]) => [
          `  --${name}${option.value === undefined ? "" : ` <${option.value}>`}`,
          option.allowed === undefined ? option.about : `${option.about} (${option.allowed})`,
        ]);
  const lines = tableLines({ head: null, rows }, columns).rows.flat();
  return [usage, "", ...wrapped(about, { columns }), "", ...lines].join("\n");
}

const JSON_OPTION: BenchOption = { type: "boolean", about: "print one JSON object as the last line, and no tables" };

function quickOption({ quick }: Bench): BenchOption {
  const words = Object.entries(quick).map(([name, value]) => `--${name}${value === true ? "" : ` ${String(value)}`}`);
  return {
    type: "boolean",
    about: `a short form, for a first look${words.length === 0 ? "" : `: ${words.join(" ")}`}`,
  };
}

export interface Bounds {
  min: number;
  max: number;
  fallback: number;
}

/** An option for `wholeNumber` with the same bounds. */
export function numberOption(about: string, { min, max, fallback }: Bounds): BenchOption {
  return { type: "string", about, value: "number", allowed: `${min} to ${max}, default ${fallback}` };
}

/** An option value that is not allowed; the message names the allowed ones. */
export class UsageError extends Error {}

/** @returns the whole number of an option, or `fallback` if the option is absent @throws UsageError */
export function wholeNumber(values: OptionValues, option: string, { min, max, fallback }: Bounds): number {
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
  return ["json", "quick", ...Object.keys(bench.options)].map((option) => `--${option}`);
}

/** Node appends advice about `--`, which does not apply to the benches. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, "")}.`;
}
