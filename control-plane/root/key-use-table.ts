/** When API keys were last used, by the hour: a row per id, which is written when the hour is a later one. No key and no address is stored. */
import type { KeyUses } from "../../formats/ledger/answer.ts";
import type { CountedSql } from "../counted-sql.ts";
import { daysFrom, HOUR_MS } from "../widths.ts";
import type { Marks } from "./marks.ts";

/** About 1 MB. Of more keys, those with the oldest uses are removed. */
const MAX_KEYS = 10_000;

export class KeyUseTable {
  readonly #sql: CountedSql;
  readonly #marks: Marks;

  constructor(sql: CountedSql, marks: Marks) {
    this.#sql = sql;
    this.#marks = marks;
    sql.define("CREATE TABLE IF NOT EXISTS key_use (id TEXT PRIMARY KEY, hour_ms INTEGER NOT NULL) WITHOUT ROWID");
  }

  /** Adds uses, each as the start of its hour. A use that is stored already or is older than the stored one writes nothing. */
  add(uses: ReadonlyMap<string, number>, nowMs: number): void {
    if (uses.size > 0 && this.#marks.get("keys-since") === null) this.#marks.set("keys-since", nowMs);
    for (const [id, hourMs] of uses) {
      this.#sql.write(
        `INSERT INTO key_use (id, hour_ms) VALUES (?, ?)
         ON CONFLICT (id) DO UPDATE SET hour_ms = excluded.hour_ms WHERE excluded.hour_ms > hour_ms`,
        ...[id, hourMs],
      );
    }
  }

  /** The latest first. */
  read(): KeyUses {
    const rows = [...this.#sql.read("SELECT id, hour_ms FROM key_use ORDER BY hour_ms DESC, id")];
    return {
      sinceMs: this.#marks.get("keys-since"),
      keys: rows.map((row) => ({ id: String(row["id"]), hourMs: Number(row["hour_ms"]) })),
    };
  }

  /** Removes uses that are older than any count, and those over the bound. */
  tidy(nowMs: number): void {
    const removed = this.#sql.write(
      `DELETE FROM key_use WHERE hour_ms < ? OR id IN (SELECT id FROM key_use ORDER BY hour_ms DESC, id LIMIT -1 OFFSET ?)
       RETURNING hour_ms`,
      ...[daysFrom(nowMs), MAX_KEYS],
    );
    if (removed.length === 0) return;
    const latestMs = removed.reduce((latest, row) => Math.max(latest, Number(row["hour_ms"])), 0);
    this.#marks.set("keys-since", latestMs + HOUR_MS);
  }
}
