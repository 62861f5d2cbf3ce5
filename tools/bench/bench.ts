/** The port between the command line and a bench: a name, options, and a run that ends without outside help. */
import type { Table } from "../table.ts";

/** One option: `--help` and the parser are made from it. */
export interface BenchOption {
  type: "string" | "boolean";
  /** What it does, for `--help`. */
  about: string;
  /** Placeholder of its value; none for a flag. */
  value?: string;
  /** What is allowed and what is the default: "30 to 1000, default 40". */
  allowed?: string;
  default?: string;
}

/** Option values as typed, not yet validated. */
export type OptionValues = Readonly<Record<string, unknown>>;

export interface Report {
  /** The numbers, as they are printed as JSON. */
  result: object;
  /** The same numbers for people. */
  tables: readonly Table[];
  /** The figures for the page of all benches, in few rows; the first table if absent. */
  headline?: Table;
  /** How the numbers were measured, and what limits them. */
  notes: readonly string[];
  /** A promise that the numbers break, in one sentence; the command then exits with 1. Null or absent if none is broken. */
  problem?: string | null;
}

export interface Bench {
  name: string;
  /** One line for the list of benches. */
  summary: string;
  options: Readonly<Record<string, BenchOption>>;
  /** The values that `--quick` gives to options which the command line does not set: about half a minute of measuring. */
  quick: OptionValues;
  /** Ends every process that it starts. @throws Error with one sentence for people */
  run(values: OptionValues): Promise<Report>;
}
