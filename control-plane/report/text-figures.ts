/** Texts of a ledger as figures: how many, how many failed, how long they took. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import { Histogram } from "../../formats/ledger/histogram.ts";
import type { Series } from "../../formats/ledger/series.ts";
import type { Interval } from "../statistics/interval.ts";
import { wilsonInterval } from "../statistics/proportion.ts";
import { quantileEstimate } from "../statistics/quantile.ts";

export interface TextFigures {
  /** All texts, whatever became of them. */
  texts: number;
  /** With scores. */
  answered: number;
  /** With a 5xx. */
  failures: number;
  /** For the text's own reasons, as 413, 422 or 451. */
  refused: number;
  /** The caller hung up. */
  gone: number;
  /** Failures of answered and failed texts, 0 to 1; null without any. */
  failureRate: number | null;
  /** From admission to the answer, of answered and failed texts: a text that timed out counts with the time it took. */
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** At 95 % confidence. */
  intervals: { failureRate: Interval | null; p50Ms: Interval | null; p95Ms: Interval | null; p99Ms: Interval | null };
}

export interface CountedTexts {
  figures: TextFigures;
  /** Of answered and failed texts. */
  times: Histogram;
}

const QUANTILES = [
  ["p50Ms", 0.5],
  ["p95Ms", 0.95],
  ["p99Ms", 0.99],
] as const;

/**
 * The texts of the matching series. Series of other kinds are skipped.
 * @param kind `assigned` for texts by the model that their isolate was assigned
 */
export function countTexts(
  cells: Iterable<SeriesCell>,
  matches: (series: Series) => boolean,
  kind: "text" | "assigned" = "text",
): CountedTexts {
  const n = { ok: 0, failed: 0, refused: 0, gone: 0, all: 0 };
  const times = new Histogram();
  for (const { series, cell } of cells) {
    if (series.kind !== kind || !matches(series)) continue;
    n.all += cell.n;
    const outcome = outcomeOf(series);
    if (outcome !== null) n[outcome] += cell.n;
    if ((outcome === "ok" || outcome === "failed") && cell.histogram !== null) times.merge(cell.histogram);
  }
  const timed = n.ok + n.failed;
  const failureRate = timed === 0 ? null : wilsonInterval({ count: n.failed, n: timed });
  const figures: TextFigures = {
    texts: n.all,
    answered: n.ok,
    failures: n.failed,
    refused: n.refused,
    gone: n.gone,
    failureRate: failureRate?.value ?? null,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
    intervals: { failureRate: intervalOf(failureRate), p50Ms: null, p95Ms: null, p99Ms: null },
  };
  for (const [name, q] of QUANTILES) {
    const estimate = quantileEstimate(times, q);
    figures[name] = estimate?.value ?? null;
    figures.intervals[name] = intervalOf(estimate);
  }
  return { figures, times };
}

const OUTCOMES = ["ok", "failed", "refused", "gone"] as const;

/** What became of a text; null where it was counted without it. The part behind the colon is the reason. */
export function outcomeOf({ outcome }: Series): (typeof OUTCOMES)[number] | null {
  return OUTCOMES.find((name) => name === outcome.split(":")[0]) ?? null;
}

/** The series of answered texts, which have a side and the reason of their route. */
export function isAnswered(series: Series): boolean {
  return series.kind === "text" && outcomeOf(series) === "ok";
}

function intervalOf(estimate: Interval | null): Interval | null {
  return estimate === null ? null : { low: estimate.low, high: estimate.high };
}
