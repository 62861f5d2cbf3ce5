/** What a measurement is to the command line: a name, options of its own, and a run that ends by itself. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Table } from "./table.ts";

/** Option values as they were typed. */
export type OptionValues = Readonly<Record<string, unknown>>;

export interface Report {
  /** The numbers, JSON as it is printed. */
  result: object;
  /** The same for people. */
  tables: readonly Table[];
  /** What a reader must know to believe the numbers. */
  notes: readonly string[];
  /** A promise that the numbers break, in one sentence: the command then fails. Null or absent when all is well. */
  problem?: string | null;
}

export interface Bench {
  name: string;
  /** One line for the list of benches. */
  summary: string;
  options: ParseArgsOptionsConfig;
  /** @throws Error with one sentence for people. Leaves nothing running behind. */
  run(values: OptionValues): Promise<Report>;
}
