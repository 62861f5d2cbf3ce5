/** Counts by series. Merging adds integers: lossless, and the same in any order as long as no bound is reached. */
import { Histogram } from "./histogram.ts";
import { keyOf, otherOf, type Series } from "./series.ts";

/** Durations are counted in µs, so that sums are integers. */
const US_PER_MS = 1000;
/** Of a shard or the root in one hour; what is over it counts as `other`. */
export const MAX_SERIES = 2000;

/** The counts of one series. `sum`, `min` and `max` are whole numbers in the unit of the series' kind. */
export class Cell {
  n = 0;
  sum = 0;
  /** Null while no duration was observed. */
  min: number | null = null;
  max: number | null = null;
  /** Null where the kind has no durations. */
  histogram: Histogram | null = null;

  /** Adds one duration. */
  observe(ms: number): void {
    const us = Math.max(0, Math.round(ms * US_PER_MS));
    this.n += 1;
    this.sum += us;
    this.min = Math.min(this.min ?? us, us);
    this.max = Math.max(this.max ?? us, us);
    this.histogram ??= new Histogram();
    this.histogram.observe(ms);
  }

  merge(other: Cell): void {
    this.n += other.n;
    this.sum += other.sum;
    if (other.min !== null) this.min = Math.min(this.min ?? other.min, other.min);
    if (other.max !== null) this.max = Math.max(this.max ?? other.max, other.max);
    if (other.histogram === null) return;
    this.histogram ??= new Histogram();
    this.histogram.merge(other.histogram);
  }
}

export interface SeriesCell {
  series: Series;
  cell: Cell;
}

export class Cells {
  readonly #bySeries = new Map<string, SeriesCell>();
  readonly #maxSeries: number;

  /** @param maxSeries a new series over this bound is counted as `other` of its kind, arm and side */
  constructor(maxSeries = Number.POSITIVE_INFINITY) {
    this.#maxSeries = maxSeries;
  }

  /** The number of series. */
  get size(): number {
    return this.#bySeries.size;
  }

  /** The number of histogram buckets that are not empty: with `size`, what the cells take in memory. */
  get buckets(): number {
    let buckets = 0;
    for (const { cell } of this.#bySeries.values()) buckets += cell.histogram?.buckets ?? 0;
    return buckets;
  }

  /** Counts one duration. */
  observe(series: Series, ms: number): void {
    this.#cellOf(series).observe(ms);
  }

  /** Adds `n` and a quantity, both whole numbers. */
  count(series: Series, n: number, sum = 0): void {
    const cell = this.#cellOf(series);
    cell.n += n;
    cell.sum += sum;
  }

  add(series: Series, cell: Cell): void {
    this.#cellOf(series).merge(cell);
  }

  merge(other: Cells): void {
    for (const { series, cell } of other) this.add(series, cell);
  }

  [Symbol.iterator](): IterableIterator<SeriesCell> {
    return this.#bySeries.values();
  }

  #cellOf(series: Series): Cell {
    const key = keyOf(series);
    const known = this.#bySeries.get(key);
    if (known !== undefined) return known.cell;
    if (this.#bySeries.size >= this.#maxSeries) {
      const other = otherOf(series);
      const otherKey = keyOf(other);
      if (otherKey !== key) return this.#bySeries.get(otherKey)?.cell ?? this.#start(otherKey, other);
    }
    return this.#start(key, series);
  }

  #start(key: string, series: Series): Cell {
    const cell = new Cell();
    this.#bySeries.set(key, { series, cell });
    return cell;
  }
}
