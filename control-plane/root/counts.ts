/** The root's counts by minute, hour and day: how batches are added, how finished hours and days are rolled up, what is removed. */
import { Cell, MAX_SERIES, type SeriesCell } from "../../formats/ledger/cells.ts";
import { keyOf, otherOf, type Series, seriesOf } from "../../formats/ledger/series.ts";
import type { CountedSql } from "../counted-sql.ts";
import type { Minutes } from "../minutes.ts";
import { DAY_MS, daysFrom, HOUR_MS, hoursFrom, MINUTE_MS, minutesFrom, startOf } from "../widths.ts";
import { CellTable } from "./cell-table.ts";
import { Marks } from "./marks.ts";
import { SeriesIds } from "./series-ids.ts";

const REQUESTS = seriesOf("usage", { because: "ledger-requests" });
const ROWS = seriesOf("usage", { because: "ledger-rows" });
/** Hours whose series are known in memory. */
const MAX_HOURS_KNOWN = 4;

export class Counts {
  readonly #sql: CountedSql;
  readonly #ids: SeriesIds;
  readonly #hours = new Map<number, Set<number>>();
  readonly cells: CellTable;
  readonly marks: Marks;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    this.#ids = new SeriesIds(sql);
    this.cells = new CellTable(sql);
    this.marks = new Marks(sql);
  }

  /**
   * Adds a batch, and in its last minute what the root itself is billed for. Call it in a transaction; if that fails, call `forget`.
   * @param own calls, and rows that the same transaction writes elsewhere
   */
  add(minutes: Minutes, own: { requests: number; otherRows: number }, nowMs: number): void {
    const lastStartMs = [...minutes].at(-1)?.[0] ?? nowMs;
    const last = minutes.at(lastStartMs);
    last.count(REQUESTS, 1, own.requests);
    last.count(ROWS, 1);
    let rows: SeriesCell | null = null;
    for (const [startMs, cells] of minutes) {
      this.#rememberFirst(startMs);
      for (const counted of cells) {
        // It is written last, when the others' rows are known.
        if (cells === last && keyOf(counted.series) === keyOf(ROWS)) rows = counted;
        else this.#add(startMs, counted.series, counted.cell, nowMs);
      }
    }
    if (rows === null) return;
    // A new series is written before it is counted.
    this.#ids.idOf(ROWS);
    rows.cell.sum += this.#sql.takeRowsWritten() + own.otherRows + 1;
    this.#add(startOf(lastStartMs, MINUTE_MS), rows.series, rows.cell, nowMs);
  }

  /** Adds up the minutes of finished hours and the hours of finished days, and removes what is kept no longer. */
  tidy(nowMs: number): void {
    const hoursUntil = this.marks.get("hours-until");
    const daysUntil = this.marks.get("days-until");
    if (hoursUntil === null || daysUntil === null) return;
    const [hour, day] = [startOf(nowMs, HOUR_MS), startOf(nowMs, DAY_MS)];
    for (let fromMs = this.#next(MINUTE_MS, hoursUntil, hour); fromMs !== null; ) {
      this.#rollUp(MINUTE_MS, HOUR_MS, startOf(fromMs, HOUR_MS));
      fromMs = this.#next(MINUTE_MS, startOf(fromMs, HOUR_MS) + HOUR_MS, hour);
    }
    if (hour > hoursUntil) this.marks.set("hours-until", hour);
    for (let fromMs = this.#next(HOUR_MS, daysUntil, day); fromMs !== null; ) {
      this.#rollUp(HOUR_MS, DAY_MS, startOf(fromMs, DAY_MS));
      fromMs = this.#next(HOUR_MS, startOf(fromMs, DAY_MS) + DAY_MS, day);
    }
    this.cells.removeBefore(MINUTE_MS, Math.min(minutesFrom(nowMs), hour));
    this.cells.removeBefore(HOUR_MS, Math.min(hoursFrom(nowMs), day));
    this.cells.removeBefore(DAY_MS, daysFrom(nowMs));
    if (day <= daysUntil) return;
    this.marks.set("days-until", day);
    this.#ids.removeUnused();
  }

  /** For a transaction that was rolled back: what is known in memory may not be stored. */
  forget(): void {
    this.#ids.forget();
    this.#hours.clear();
    this.marks.readAgain();
  }

  /** Adds counts of a minute to every period that is kept of it. */
  #add(startMs: number, series: Series, cell: Cell, nowMs: number): void {
    const [hour, day] = [startOf(startMs, HOUR_MS), startOf(startMs, DAY_MS)];
    const id = this.#boundedId(hour, series);
    const isByHour = series.kind === "country";
    const hourIsDone = hour < (this.marks.get("hours-until") ?? hour);
    const dayIsDone = day < (this.marks.get("days-until") ?? day);
    if (!isByHour && (!hourIsDone || startMs >= minutesFrom(nowMs))) this.cells.add(MINUTE_MS, startMs, id, cell);
    if ((isByHour || hourIsDone) && (!dayIsDone || hour >= hoursFrom(nowMs))) this.cells.add(HOUR_MS, hour, id, cell);
    if (dayIsDone) this.cells.add(DAY_MS, day, id, cell);
  }

  /** The series' id, or that of its `other` when the hour has `MAX_SERIES` others already. */
  #boundedId(hour: number, series: Series): number {
    const inHour = this.#seriesOf(hour);
    const id = this.#ids.idOf(series);
    if (inHour.has(id)) return id;
    const other = otherOf(series);
    if (inHour.size < MAX_SERIES) {
      inHour.add(id);
      return id;
    }
    return keyOf(other) === keyOf(series) ? id : this.#ids.idOf(other);
  }

  #seriesOf(hour: number): Set<number> {
    const known = this.#hours.get(hour);
    if (known !== undefined) return known;
    const ids = new Set([
      ...this.cells.seriesBetween(MINUTE_MS, hour, hour + HOUR_MS),
      ...this.cells.seriesBetween(HOUR_MS, hour, hour + HOUR_MS),
    ]);
    if (this.#hours.size >= MAX_HOURS_KNOWN) this.#hours.clear();
    this.#hours.set(hour, ids);
    return ids;
  }

  #rememberFirst(startMs: number): void {
    const first = this.marks.get("first");
    if (first !== null && first <= startMs) return;
    this.marks.set("first", startMs);
    if (first !== null) return;
    this.marks.set("hours-until", startOf(startMs, HOUR_MS));
    this.marks.set("days-until", startOf(startMs, DAY_MS));
  }

  /** The first start of counts at `fromMs` or later, if it is before `untilMs`. */
  #next(widthMs: number, fromMs: number, untilMs: number): number | null {
    const first = this.cells.firstStart(widthMs, fromMs);
    return first !== null && first < untilMs ? first : null;
  }

  /** Adds up one period. Series over the bound count as `other`, those with the lowest counts. */
  #rollUp(fromWidthMs: number, widthMs: number, startMs: number): void {
    const totals = new Map<number, { series: Series; cell: Cell }>();
    for (const { seriesId, series, cell } of this.cells.read(fromWidthMs, startMs, startMs + widthMs)) {
      const total = totals.get(seriesId) ?? { series, cell: new Cell() };
      total.cell.merge(cell);
      totals.set(seriesId, total);
    }
    const byCount = [...totals].sort(([, a], [, b]) => b.cell.n - a.cell.n);
    for (const [index, [id, { series, cell }]] of byCount.entries()) {
      const isWithin = index < MAX_SERIES;
      this.cells.add(widthMs, startMs, isWithin ? id : this.#ids.idOf(otherOf(series)), cell);
    }
  }
}
