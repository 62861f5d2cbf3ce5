/** Texts of several arms or versions as rows of a table. Pure. */

import type { Comparison, Reading } from "./comparison.ts";
import {
  count,
  ms,
  msInterval,
  percent,
  percentInterval,
  pointsInterval,
  ratio,
  ratioInterval,
  signedPoints,
} from "./numbers.ts";
import type { Cell } from "./table.ts";
import type { TextFigures } from "./text-figures.ts";

/** One row per figure, one column per group. Outcomes that no group has are left out. */
export function figureRows(columns: readonly TextFigures[]): { name: string; cells: Cell[] }[] {
  const row = (name: string, cell: (figures: TextFigures) => Cell) => ({ name, cells: columns.map(cell) });
  const some = (n: (figures: TextFigures) => number) => columns.some((figures) => n(figures) > 0);
  return [
    row("texts", ({ texts }) => count(texts)),
    row("failures", ({ failures }) => count(failures)),
    row("failed", ({ failureRate, intervals }) => ({
      text: percent(failureRate),
      range: percentInterval(intervals.failureRate),
    })),
    ...(some(({ refused }) => refused) ? [row("refused", ({ refused }) => count(refused))] : []),
    ...(some(({ gone }) => gone) ? [row("caller gone", ({ gone }) => count(gone))] : []),
    row("P50", ({ p50Ms, intervals }) => ({ text: ms(p50Ms), range: msInterval(intervals.p50Ms, p50Ms) })),
    row("P95", ({ p95Ms, intervals }) => ({ text: ms(p95Ms), range: msInterval(intervals.p95Ms, p95Ms) })),
    row("P99", ({ p99Ms, intervals }) => ({ text: ms(p99Ms), range: msInterval(intervals.p99Ms, p99Ms) })),
  ];
}

export function ratioCell({ p95Ratio }: Comparison): Cell {
  return p95Ratio === null ? "–" : { text: ratio(p95Ratio.value), range: ratioInterval(p95Ratio) };
}

export function failureCell({ failureDifference }: Comparison): Cell {
  if (failureDifference === null) return "–";
  return { text: signedPoints(failureDifference.value), range: pointsInterval(failureDifference) };
}

/** What both intervals show, in words. */
export function readingOf({ p95, failures }: Comparison): string {
  const words = [...word(p95, "faster", "slower"), ...word(failures, "fewer failures", "more failures")];
  return words.length === 0 ? "none shown" : words.join(", ");
}

function word(reading: Reading | null, lower: string, higher: string): string[] {
  return reading === "lower" ? [lower] : reading === "higher" ? [higher] : [];
}
