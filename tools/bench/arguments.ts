/** Pure. What the command line asks for, or one sentence on what is wrong with it. */
import { parseArgs } from "node:util";
import type { Bench, OptionValues } from "./bench.ts";

export interface ParsedArguments {
  ok: true;
  bench: Bench;
  json: boolean;
  values: OptionValues;
}

export function parseArguments(
  argv: readonly string[],
  benches: readonly Bench[],
): ParsedArguments | { ok: false; problem: string } {
  const name = argv.find((word) => !word.startsWith("-"));
  const bench = benches.find((one) => one.name === name);
  if (bench === undefined) {
    const problem = name === undefined ? "No bench was named" : `There is no bench "${name}"`;
    const list = benches.map((one) => `${one.name} (${one.summary})`).join(", ");
    return { ok: false, problem: `${problem}; choose one of ${list}: npm run bench -- <name> [--json].` };
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...bench.options, json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [, extra] = positionals;
    if (extra !== undefined) return { ok: false, problem: `One bench at a time; "${extra}" is one word too many.` };
    return { ok: true, bench, json: values["json"] === true, values };
  } catch (error) {
    const options = ["json", ...Object.keys(bench.options)].map((option) => `--${option}`).join(", ");
    return { ok: false, problem: `${firstSentence(error)} The bench ${bench.name} takes ${options}.` };
  }
}

/** What was typed cannot be done; the message says what is allowed. */
export class UsageError extends Error {}

/** A whole number from an option. @throws UsageError */
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

/** One of a few words from an option; the first of them where it is not given. @throws UsageError */
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

/** Node's own message goes on with advice about `--` that does not help here. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, "")}.`;
}
