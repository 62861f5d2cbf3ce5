/** Pure. What one way did at one rate, in numbers. */
import { percentile, tenths } from "../statistics.ts";
import type { Answered } from "./isolate.ts";
import type { WayName } from "./ways.ts";

export interface Summary {
  way: WayName;
  ratePerSecond: number;
  arrivals: number;
  edge: number;
  origin: number;
  /** Of the texts that the edge answered: from arrival to the beginning of the inference. */
  edgeWaitMs: { p50: number; p95: number; max: number };
  /** Of all texts: from arrival to answer. */
  answerMs: { p50: number; p95: number };
  /** Percent of all texts, and of that by reason. */
  originPercent: { total: number; byReason: Readonly<Record<string, number>> };
}

/** @throws RangeError when the edge answered nothing */
export function summarize(way: WayName, ratePerSecond: number, answered: readonly Answered[]): Summary {
  const edgeWaits = answered.filter(({ side }) => side === "edge").map(({ waitMs }) => waitMs);
  const answers = answered.map(({ answerMs }) => answerMs);
  const spilled = answered.filter(({ side }) => side === "origin");
  const percentOfAll = (count: number) => tenths((100 * count) / answered.length);
  const reasons = Object.entries(Object.groupBy(spilled, ({ because }) => because));
  return {
    way,
    ratePerSecond,
    arrivals: answered.length,
    edge: edgeWaits.length,
    origin: spilled.length,
    edgeWaitMs: {
      p50: tenths(percentile(edgeWaits, 50)),
      p95: tenths(percentile(edgeWaits, 95)),
      max: tenths(percentile(edgeWaits, 100)),
    },
    answerMs: { p50: tenths(percentile(answers, 50)), p95: tenths(percentile(answers, 95)) },
    originPercent: {
      total: percentOfAll(spilled.length),
      byReason: Object.fromEntries(reasons.map(([because, texts]) => [because, percentOfAll(texts.length)])),
    },
  };
}
