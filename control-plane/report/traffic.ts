/** What happened to requests and texts besides the arms: reasons, refusals, sides, countries, loads, waits. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { Histogram } from "../../formats/ledger/histogram.ts";
import type { Kind, Series } from "../../formats/ledger/series.ts";
import type { Interval } from "../statistics/interval.ts";
import { quantileEstimate } from "../statistics/quantile.ts";
import { countTexts, isAnswered, outcomeOf, type TextFigures } from "./text-figures.ts";

export interface Requests {
  /** Every request, refused ones included. */
  total: number;
  /** Answers other than 200. */
  refused: number;
  /** By the reason of the trace. */
  refusedBy: Record<string, number>;
}

export interface Side {
  /** `edge`, or an origin's name. */
  name: string;
  figures: TextFigures;
}

export interface Country {
  country: string;
  texts: number;
  insideP95Ms: number | null;
  outsideP95Ms: number | null;
}

export interface Durations {
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p95Interval: Interval | null;
}

export interface Loads extends Durations {
  /** By their end: `ready`, `rejected`, `failed`. */
  byOutcome: Record<string, number>;
}

/** Answered texts by the reason of their route. */
export function reasonsOf(cells: Iterable<SeriesCell>): Record<string, number> {
  return Object.fromEntries(tally(cells, isAnswered, ({ because }) => because || "unknown"));
}

/** Failed texts by the reason of the failure. */
export function failuresOf(cells: Iterable<SeriesCell>): Record<string, number> {
  const isFailed = (series: Series) => series.kind === "text" && outcomeOf(series) === "failed";
  return Object.fromEntries(tally(cells, isFailed, ({ outcome }) => outcome.slice("failed:".length) || "unknown"));
}

export function requestsOf(cells: readonly SeriesCell[]): Requests {
  const isRequest = ({ kind }: Series) => kind === "request";
  const refusedBy = tally(
    cells,
    (series) => isRequest(series) && series.outcome !== "ok",
    ({ because, outcome }) => because || outcome || "unknown",
  );
  return {
    total: totalOf(cells, isRequest),
    refused: refusedBy.reduce((sum, [, n]) => sum + n, 0),
    refusedBy: Object.fromEntries(refusedBy),
  };
}

/** By the side that answered last. Not a comparison: origins get the long texts, and those of cold isolates. */
export function sidesOf(cells: readonly SeriesCell[]): Side[] {
  const nameOf = ({ side, origin }: Series) => (side === "origin" ? origin || "origin" : side);
  return tally(cells, (series) => isAnswered(series) && series.side !== "", nameOf)
    .map(([name]) => name)
    .sort((a, b) => Number(b === "edge") - Number(a === "edge") || a.localeCompare(b))
    .map((name) => ({
      name,
      figures: countTexts(cells, (series) => isAnswered(series) && nameOf(series) === name).figures,
    }));
}

/** In descending order of texts. */
export function countriesOf(cells: readonly SeriesCell[]): Country[] {
  const texts = tally(
    cells,
    ({ kind }) => kind === "country",
    ({ country }) => country || "unknown",
  );
  const p95Ms = (country: string, isInside: boolean) => {
    const isOf = (series: Series) =>
      (series.country || "unknown") === country &&
      (isInside ? series.arm === "inside" : series.arm.startsWith("outside"));
    return durationsOf(cells, "country", isOf).p95Ms;
  };
  return texts.map(([country, count]) => ({
    country,
    texts: count,
    insideP95Ms: p95Ms(country, true),
    outsideP95Ms: p95Ms(country, false),
  }));
}

export function loadsOf(cells: readonly SeriesCell[]): Loads {
  const byOutcome = tally(
    cells,
    ({ kind }) => kind === "load",
    ({ outcome }) => outcome || "unknown",
  );
  return { ...durationsOf(cells, "load"), byOutcome: Object.fromEntries(byOutcome) };
}

/** The durations of a kind. */
export function durationsOf(cells: Iterable<SeriesCell>, kind: Kind, matches = (_: Series) => true): Durations {
  const times = new Histogram();
  for (const { series, cell } of cells) {
    if (series.kind === kind && matches(series) && cell.histogram !== null) times.merge(cell.histogram);
  }
  const p95 = quantileEstimate(times, 0.95);
  return {
    count: times.n,
    p50Ms: times.quantileMs(0.5),
    p95Ms: p95?.value ?? null,
    p95Interval: p95 === null ? null : { low: p95.low, high: p95.high },
  };
}

/** The sum of `n` of the matching series. */
export function totalOf(cells: Iterable<SeriesCell>, matches: (series: Series) => boolean): number {
  let n = 0;
  for (const { series, cell } of cells) if (matches(series)) n += cell.n;
  return n;
}

/** The sum of `n` by name, the largest first. */
export function tally(
  cells: Iterable<SeriesCell>,
  matches: (series: Series) => boolean,
  nameOf: (series: Series) => string,
): [name: string, n: number][] {
  const counts = new Map<string, number>();
  for (const { series, cell } of cells) {
    if (!matches(series)) continue;
    const name = nameOf(series);
    counts.set(name, (counts.get(name) ?? 0) + cell.n);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
}
