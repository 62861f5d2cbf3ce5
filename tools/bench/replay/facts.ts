/** What the answers and counts of a replayed day show. Pure. */
import { costOf, type Month } from "../../../control-plane/report/cost.ts";
import { upperBound } from "../../../control-plane/statistics/proportion.ts";
import { decodeBase64 } from "../../../formats/encodings.ts";
import type { LedgerAnswer } from "../../../formats/ledger/answer.ts";
import type { SeriesCell } from "../../../formats/ledger/cells.ts";
import { decodeCells } from "../../../formats/ledger/codec.ts";
import { type Arm, recordedArms, type Usage } from "../../../formats/ledger/series.ts";
import { type Bill, billOf } from "../../spillway/plan/bill.ts";
import { percentile, tenths } from "../../statistics.ts";
import type { AnsweredText } from "./phase.ts";

/** Reasons of decisions that find the model ready: their rules are after `edge-cold`. */
const MODEL_WAS_READY = ["edge-unavailable", "outside-share", "edge-busy", "edge-slow", "within-share"];
const EDGE_ANSWERS = "within-share";

export interface EdgeCold {
  /** Texts that met an isolate without a model, and were answered by Lambda. */
  texts: number;
  /** Of those, by the caller's clock; null without any. */
  p95Ms: number | null;
  /**
   * Texts that the edge answered for another reason than its share, and that were sent before the first answer which shows that the isolate
   * had its model: these may have waited for the load.
   */
  waited: number;
}

export function edgeColdOf(answers: readonly AnsweredText[]): EdgeCold {
  const readyAtMs = new Map<number, number>();
  for (const { isolate, sentAtMs, call } of answers) {
    if (call === null || !MODEL_WAS_READY.includes(call.because ?? "")) continue;
    readyAtMs.set(isolate, Math.min(readyAtMs.get(isolate) ?? Number.POSITIVE_INFINITY, sentAtMs + call.callerMs));
  }
  const cold = answers.filter(({ call }) => call?.because === "edge-cold" && call.route === "origin");
  const times = cold.flatMap(({ call }) => call?.callerMs ?? []);
  const waited = answers.filter(
    ({ isolate, sentAtMs, call }) =>
      call?.route === "edge" &&
      call.because !== EDGE_ANSWERS &&
      sentAtMs < (readyAtMs.get(isolate) ?? Number.POSITIVE_INFINITY),
  );
  return {
    texts: cold.length,
    p95Ms: times.length === 0 ? null : tenths(percentile(times, 95)),
    waited: waited.length,
  };
}

export interface SameTexts {
  /** Texts that Lambda answered on one day and the edge on the other. */
  compared: number;
  sameLabel: number;
  /** Different labels are at most this part, with 95 % confidence, one-sided; null without texts. */
  disagreementAtMost: number | null;
  /** Of a label's score. */
  largestScoreGap: number;
}

/** Compares the answers of two days with the same texts in the same order. */
export function agreementOf(one: readonly AnsweredText[], other: readonly AnsweredText[]): SameTexts {
  const gaps: { same: boolean; gap: number }[] = [];
  for (const [index, { call: first }] of one.entries()) {
    const second = other[index]?.call;
    const [a, b] = [first?.scores, second?.scores];
    if (!(a && b) || first?.route === second?.route) continue;
    const gap = Math.max(...Object.entries(a).map(([label, score]) => Math.abs(score - (b[label] ?? 0))));
    gaps.push({ same: bestOf(a) === bestOf(b), gap });
  }
  const [n, same] = [gaps.length, gaps.filter((text) => text.same).length];
  return {
    compared: n,
    sameLabel: same,
    disagreementAtMost: n === 0 ? null : upperBound({ count: n - same, n }),
    largestScoreGap: Math.max(0, ...gaps.map(({ gap }) => gap)),
  };
}

function bestOf(scores: Readonly<Record<string, number>>): string | null {
  const [best] = Object.entries(scores).sort(([, a], [, b]) => b - a);
  return best?.[0] ?? null;
}

const DAYS_PER_MONTH = 365.25 / 12;

export function cellsOf({ cells }: LedgerAnswer): SeriesCell[] {
  const bytes = decodeBase64(cells);
  return bytes === null || bytes.byteLength === 0 ? [] : [...decodeCells(bytes)];
}

/** The bill of a month with so many texts, if each costs what the counted ones did; loads are scaled with them. Null without texts. */
export function monthAt(cells: readonly SeriesCell[], texts: number, textsPerMonth: number): Month | null {
  // A month has as many of the counted days as it has times the texts.
  return costOf(cells, (texts / textsPerMonth) * DAYS_PER_MONTH, 1).month;
}

/**
 * The bill of a month in which Lambda answers all texts and no Worker is in front of it: eligible texts cost what the outside arm's did, the
 * others what they did.
 * @param texts counted texts by arm
 */
export function lambdaMonthAt(
  cells: readonly SeriesCell[],
  texts: Readonly<Record<Arm, number>>,
  textsPerMonth: number,
): Bill {
  const memory = (arm: Arm) =>
    usageOf(cells, arm, "origin-mib-ms") / Math.max(1, usageOf(cells, arm, "origin-requests"));
  const all = texts.inside + texts.outside + texts.ineligible;
  const longPart = texts.ineligible / Math.max(1, all);
  const mibMs = memory("outside") * (1 - longPart) + memory("ineligible") * longPart;
  return billOf({ "origin-mib-ms": mibMs * textsPerMonth, "origin-requests": textsPerMonth }, false);
}

function usageOf(cells: readonly SeriesCell[], arm: Arm, usage: Usage): number {
  const recorded: readonly string[] = recordedArms(arm);
  return cells
    .filter(({ series }) => series.kind === "usage" && series.because === usage && recorded.includes(series.arm))
    .reduce((sum, { cell }) => sum + cell.sum, 0);
}
