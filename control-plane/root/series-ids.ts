/** The table of series, and the id of each. */
import { keyOf, SERIES_FIELDS, type Series } from "../../formats/ledger/series.ts";
import type { CountedSql } from "../counted-sql.ts";

/** Known ids in memory. Of more, all are read again. */
const MAX_KNOWN = 10_000;
const COLUMNS = SERIES_FIELDS.map((field) => `"${field}"`).join(", ");
const MARKS = SERIES_FIELDS.map(() => "?").join(", ");
const IS_SAME = SERIES_FIELDS.map((field) => `"${field}" = ?`).join(" AND ");

export class SeriesIds {
  readonly #sql: CountedSql;
  readonly #known = new Map<string, number>();

  constructor(sql: CountedSql) {
    this.#sql = sql;
    const columns = SERIES_FIELDS.map((field) => `"${field}" TEXT NOT NULL`).join(", ");
    sql.define(`CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, ${columns}, UNIQUE (${COLUMNS}))`);
  }

  /** The id of a series, new or known. */
  idOf(series: Series): number {
    const key = keyOf(series);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const values = SERIES_FIELDS.map((field) => series[field]);
    const row =
      this.#sql.first(`SELECT id FROM series WHERE ${IS_SAME}`, ...values) ??
      this.#sql.write(`INSERT INTO series (${COLUMNS}) VALUES (${MARKS}) RETURNING id`, ...values)[0];
    const id = Number(row?.["id"]);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, id);
    return id;
  }

  /** Removes the series that have no cell any more. */
  removeUnused(): void {
    this.forget();
    this.#sql.write("DELETE FROM series WHERE id NOT IN (SELECT series FROM cell)");
  }

  /** For a transaction that was rolled back: an id in memory may not exist. */
  forget(): void {
    this.#known.clear();
  }
}
