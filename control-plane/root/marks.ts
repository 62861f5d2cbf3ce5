/** The few times that the root must remember, one row each. */
import type { CountedSql } from "../counted-sql.ts";

/**
 * - `first`: the first minute that was ever counted.
 * - `keys-since`: a key without a stored use was not used from this time on.
 * - `hours-until`, `days-until`: hours and days that end by this time are rolled up; later batches for them are added to them.
 */
type MarkName = "first" | "keys-since" | "hours-until" | "days-until";

export class Marks {
  readonly #sql: CountedSql;
  readonly #known = new Map<string, number>();

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define("CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID");
    this.readAgain();
  }

  /** Null before it is set. */
  get(name: MarkName): number | null {
    return this.#known.get(name) ?? null;
  }

  set(name: MarkName, atMs: number): void {
    this.#sql.write("REPLACE INTO mark (name, at_ms) VALUES (?, ?)", name, atMs);
    this.#known.set(name, atMs);
  }

  /** For a transaction that was rolled back: a mark in memory may not be stored. */
  readAgain(): void {
    this.#known.clear();
    for (const { name, at_ms } of this.#sql.read("SELECT name, at_ms FROM mark")) {
      this.#known.set(String(name), Number(at_ms));
    }
  }
}
