/** The counts of a time range, read from the largest periods that have them. */

import { encodeBase64 } from "../../formats/encodings.ts";
import type { LedgerAnswer } from "../../formats/ledger/answer.ts";
import { Cells, MAX_SERIES, type SeriesCell } from "../../formats/ledger/cells.ts";
import { encodeCells } from "../../formats/ledger/codec.ts";
import { Minutes } from "../minutes.ts";
import type { TimeRange } from "../ports.ts";
import { DAY_MS, endOf, HOUR_MS, hoursFrom, MINUTE_MS, minutesFrom, startOf } from "../widths.ts";
import type { Counts } from "./counts.ts";

/** Of all days of an answer together. With many days, fewer series of each are separate. */
const MAX_DAYS_SERIES = 20_000;
const MIN_DAY_SERIES = 50;

/** The range with the times that the ledger can tell apart: whole minutes, further back whole hours, then whole days. */
export function countedRange({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  return { fromMs: startOf(fromMs, widthAt(fromMs, nowMs)), toMs: endOf(toMs, widthAt(toMs, nowMs)) };
}

function widthAt(atMs: number, nowMs: number): number {
  if (atMs >= minutesFrom(nowMs)) return MINUTE_MS;
  return atMs >= hoursFrom(nowMs) ? HOUR_MS : DAY_MS;
}

/**
 * @param range as `countedRange` has it
 * @param pending counts that are not stored yet
 */
export function readRange(
  counts: Counts,
  range: TimeRange,
  nowMs: number,
  pending = new Minutes(),
): Omit<LedgerAnswer, "isolates"> {
  const firstMs = counts.marks.get("first");
  const total = new Cells(MAX_SERIES);
  const days: LedgerAnswer["days"] = [];
  // Days without counts need no reading.
  const fromDay = startOf(Math.max(range.fromMs, firstMs ?? nowMs), DAY_MS);
  const untilDay = Math.min(endOf(range.toMs, DAY_MS), endOf(nowMs + DAY_MS, DAY_MS));
  const maxSeries = Math.min(MAX_SERIES, Math.max(MIN_DAY_SERIES, (MAX_DAYS_SERIES * DAY_MS) / (untilDay - fromDay)));
  for (let day = fromDay; firstMs !== null && day < untilDay; day += DAY_MS) {
    const cells = new Cells(maxSeries);
    const within = { fromMs: Math.max(range.fromMs, day), toMs: Math.min(range.toMs, day + DAY_MS) };
    const add = ({ series, cell }: SeriesCell) => {
      cells.add(series, cell);
      total.add(series, cell);
    };
    for (const stored of cellsOf(counts, within)) add(stored);
    for (const [startMs, unstored] of pending) {
      if (startMs >= within.fromMs && startMs < within.toMs) for (const one of unstored) add(one);
    }
    if (cells.size > 0) days.push({ startMs: day, cells: encodeBase64(encodeCells(cells)) });
  }
  return { ...range, firstMs, cells: encodeBase64(encodeCells(total)), days };
}

/** The counts of a part of one day. Countries are counted by the hour: those of each hour that begins in the part. */
function* cellsOf(counts: Counts, { fromMs, toMs }: TimeRange): Generator<SeriesCell> {
  const { cells, marks } = counts;
  const [hoursUntil, daysUntil] = [marks.get("hours-until") ?? 0, marks.get("days-until") ?? 0];
  const day = startOf(fromMs, DAY_MS);
  if (fromMs === day && toMs === day + DAY_MS && day < daysUntil) {
    yield* cells.read(DAY_MS, fromMs, toMs);
    return;
  }
  // From `fromMs` to `hoursFromMs` by minutes, then by hours, from `hoursToMs` on by minutes again.
  const hoursFromMs = Math.min(toMs, endOf(fromMs, HOUR_MS));
  const hoursToMs = Math.max(hoursFromMs, Math.min(startOf(toMs, HOUR_MS), hoursUntil));
  yield* cells.read(MINUTE_MS, fromMs, hoursFromMs);
  yield* cells.read(HOUR_MS, hoursFromMs, hoursToMs);
  yield* cells.read(MINUTE_MS, hoursToMs, toMs);
  for (const stored of cells.read(HOUR_MS, hoursToMs, toMs)) if (stored.series.kind === "country") yield stored;
}
