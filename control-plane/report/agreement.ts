/** Whether both sides give the same label to the same text, from shadow comparisons. Pure. */
import type { SeriesCell } from "../../formats/ledger/cells.ts";
import type { Series } from "../../formats/ledger/series.ts";
import { lowerBound, trialsNeeded, upperBound } from "../statistics/proportion.ts";
import { MAX_DISAGREEMENT } from "./thresholds.ts";

export interface Agreement {
  /** Texts whose labels of both sides were compared. */
  compared: number;
  disagreed: number;
  /** The part of texts with another label, 0 to 1; null without comparisons. */
  disagreementRate: number | null;
  /** It is at most this with 95 % confidence, and at least `atLeast` with 95 %: each bound is one-sided. */
  atMost: number | null;
  atLeast: number | null;
  /** `atMost` is to be at most this: no more accuracy than this can be lost. */
  wanted: number;
  /** Comparisons that are missing to show it, if no further text differs; 0 when it is shown. Null when it is shown to be wrong. */
  missing: number | null;
}

/** The comparisons of the matching series. */
export function agreementOf(cells: Iterable<SeriesCell>, matches: (series: Series) => boolean): Agreement {
  const n = { agrees: 0, differs: 0 };
  for (const { series, cell } of cells) {
    if (series.kind !== "shadow" || !matches(series)) continue;
    if (series.outcome === "agrees" || series.outcome === "differs") n[series.outcome] += cell.n;
  }
  const compared = n.agrees + n.differs;
  const counted = { count: n.differs, n: compared };
  const atLeast = compared === 0 ? null : lowerBound(counted);
  const isWrong = atLeast !== null && atLeast > MAX_DISAGREEMENT;
  return {
    compared,
    disagreed: n.differs,
    disagreementRate: compared === 0 ? null : n.differs / compared,
    atMost: compared === 0 ? null : upperBound(counted),
    atLeast,
    wanted: MAX_DISAGREEMENT,
    missing: isWrong ? null : Math.max(0, trialsNeeded(n.differs, MAX_DISAGREEMENT) - compared),
  };
}
