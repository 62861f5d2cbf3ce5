/** The port between the command line and a bench: a name, options, and a run that ends without outside help. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Table } from "./table.ts";

/** Option values as typed, not yet validated. */
export type OptionValues = Readonly<Record<string, unknown>>;

export interface Report {
  /** The numbers, as they are printed as JSON. */
  result: object;
  /** The same numbers for people. */
  tables: readonly Table[];
  /** How the numbers were measured, and what limits them. */
  notes: readonly string[];
  /** A promise that the numbers break, in one sentence; the command then exits with 1. Null or absent if none is broken. */
  problem?: string | null;
}

export interface Bench {
  name: string;
  /** One line for the list of benches. */
  summary: string;
  options: ParseArgsOptionsConfig;
  /** Ends every process that it starts. @throws Error with one sentence for people */
  run(values: OptionValues): Promise<Report>;
}
