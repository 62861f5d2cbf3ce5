/** The table of counts: a row for each period and series. */
import { Cell, type SeriesCell } from "../../formats/ledger/cells.ts";
import { decodeHistogram, encodeHistogram } from "../../formats/ledger/codec.ts";
import { isKind, SERIES_FIELDS, type Series } from "../../formats/ledger/series.ts";
import { blobIn, type CountedSql, type Row } from "../counted-sql.ts";

const SERIES = SERIES_FIELDS.map((field) => `s."${field}"`).join(", ");
const READ = "c.n, c.sum, c.min, c.max, c.sketch";

export interface StoredCell extends SeriesCell {
  startMs: number;
  seriesId: number;
}

export class CellTable {
  readonly #sql: CountedSql;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define(`CREATE TABLE IF NOT EXISTS cell (
      width INTEGER NOT NULL, start INTEGER NOT NULL, series INTEGER NOT NULL, n INTEGER NOT NULL, sum INTEGER NOT NULL,
      min INTEGER, max INTEGER, sketch BLOB, PRIMARY KEY (width, start, series)) WITHOUT ROWID`);
  }

  /** Adds counts to those of the same period and series. */
  add(widthMs: number, startMs: number, seriesId: number, cell: Cell): void {
    const merged = new Cell();
    const key = [widthMs / 1000, startMs, seriesId];
    const known = this.#sql.first(`SELECT ${READ} FROM cell c WHERE width = ? AND start = ? AND series = ?`, ...key);
    if (known !== null) merged.merge(cellIn(known));
    merged.merge(cell);
    const { n, sum, min, max, histogram } = merged;
    const sketch = histogram === null ? null : encodeHistogram(histogram);
    this.#sql.write(
      "REPLACE INTO cell (width, start, series, n, sum, min, max, sketch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[...key, n, sum, min, max, sketch],
    );
  }

  /**
   * The counts of periods that start in this range, by start, and of one start those with the highest counts first.
   * @param toMs exclusive
   * @param isWanted other series are not decoded
   */
  *read(
    widthMs: number,
    fromMs: number,
    toMs: number,
    isWanted: (series: Series) => boolean = () => true,
  ): Generator<StoredCell> {
    const rows = this.#sql.read(
      `SELECT c.start, c.series, ${READ}, ${SERIES} FROM cell c JOIN series s ON s.id = c.series
       WHERE c.width = ? AND c.start >= ? AND c.start < ? ORDER BY c.start, c.n DESC, c.series`,
      ...[widthMs / 1000, fromMs, toMs],
    );
    for (const row of rows) {
      const series = seriesIn(row);
      if (!isWanted(series)) continue;
      yield { startMs: Number(row["start"]), seriesId: Number(row["series"]), series, cell: cellIn(row) };
    }
  }

  /** The sum of `n` by kind, over periods that start in this range. */
  totals(widthMs: number, fromMs: number, toMs: number): { kind: string; n: number }[] {
    const rows = this.#sql.read(
      `SELECT s.kind, SUM(c.n) AS n FROM cell c JOIN series s ON s.id = c.series
       WHERE c.width = ? AND c.start >= ? AND c.start < ? GROUP BY s.kind`,
      ...[widthMs / 1000, fromMs, toMs],
    );
    return [...rows].map((row) => ({ kind: String(row["kind"]), n: Number(row["n"]) }));
  }

  /** The ids of the series that have counts of this width in the range. */
  seriesBetween(widthMs: number, fromMs: number, toMs: number): number[] {
    const select = "SELECT DISTINCT series FROM cell WHERE width = ? AND start >= ? AND start < ?";
    return [...this.#sql.read(select, widthMs / 1000, fromMs, toMs)].map((row) => Number(row["series"]));
  }

  /** The first period of a width that starts at this time or later; null if there is none. */
  firstStart(widthMs: number, fromMs: number): number | null {
    const select = "SELECT MIN(start) AS first FROM cell WHERE width = ? AND start >= ?";
    const first = this.#sql.first(select, widthMs / 1000, fromMs)?.["first"];
    return typeof first === "number" ? first : null;
  }

  /** Removes periods that start before this time. */
  removeBefore(widthMs: number, beforeMs: number): void {
    this.#sql.write("DELETE FROM cell WHERE width = ? AND start < ?", widthMs / 1000, beforeMs);
  }
}

function cellIn(row: Row): Cell {
  const { n, sum, min, max } = row;
  const sketch = blobIn(row, "sketch");
  const cell = new Cell();
  cell.n = Number(n);
  cell.sum = Number(sum);
  cell.min = typeof min === "number" ? min : null;
  cell.max = typeof max === "number" ? max : null;
  cell.histogram = sketch === null ? null : decodeHistogram(sketch);
  return cell;
}

function seriesIn(row: Row): Series {
  const text = (field: string) => String(row[field]);
  const kind = text("kind");
  if (!isKind(kind)) throw new Error("a series has an unknown kind");
  return {
    kind,
    arm: text("arm"),
    side: text("side"),
    origin: text("origin"),
    because: text("because"),
    outcome: text("outcome"),
    policy: text("policy"),
    model: text("model"),
    country: text("country"),
    worker: text("worker"),
  };
}
