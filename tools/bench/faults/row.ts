/** The row of one fault, from the samples of its load. Pure. */
import { percentile, tenths } from "../../statistics.ts";
import type { TextKind } from "./known-texts.ts";
import type { Sample } from "./load.ts";

export interface Observed {
  /** Of one load, in any order. */
  samples: readonly Sample[];
  /** The end of the fault. */
  endedAtMs: number;
  /** The origin's first good answer after it; null if there was none. */
  originGoodAtMs: number | null;
  refusals: Record<string, number>;
}

export interface FaultRow {
  fault: string;
  part: string;
  /** Texts, short and long, from before the fault until after it. */
  asked: number;
  answered: number;
  wrong: number;
  lost: number;
  refused: number;
  /** From the end of the fault to the first text from which on every text was answered. */
  recoverMs: number;
  /** From the end of the fault to the origin's first good answer; null if there was none. */
  originGoodMs: number | null;
  shortAsked: number;
  shortAnswered: number;
  shortWrong: number;
  shortLost: number;
  shortRefused: number;
  shortRecoverMs: number;
  shortP95Ms: number;
  longAsked: number;
  longAnswered: number;
  longWrong: number;
  longLost: number;
  longRefused: number;
  longRecoverMs: number;
  /** How often texts had which end, other than a right answer: status, route, reason. */
  others: Record<string, number>;
  /** Refused requests by the refusal's internal reason, as their traces have it. */
  refusals: Record<string, number>;
}

/** Counts what was observed under one fault. */
export function rowOf(
  { name, part }: { name: string; part: string },
  { samples, endedAtMs, originGoodAtMs, refusals }: Observed,
): FaultRow {
  const short = countsOf("short", samples, endedAtMs);
  const long = countsOf("long", samples, endedAtMs);
  const others: Record<string, number> = {};
  for (const { kind, verdict, detail } of samples) {
    if (verdict === "answered") continue;
    const key = `${kind} ${verdict}: ${detail}`;
    others[key] = (others[key] ?? 0) + 1;
  }
  const tooks = samples.flatMap(({ kind, sentAtMs, endedAtMs }) => (kind === "short" ? [endedAtMs - sentAtMs] : []));
  return {
    fault: name,
    part,
    asked: short.asked + long.asked,
    answered: short.answered + long.answered,
    wrong: short.wrong + long.wrong,
    lost: short.lost + long.lost,
    refused: short.refused + long.refused,
    recoverMs: Math.max(short.recoverMs, long.recoverMs),
    originGoodMs: originGoodAtMs === null ? null : tenths(originGoodAtMs - endedAtMs),
    shortAsked: short.asked,
    shortAnswered: short.answered,
    shortWrong: short.wrong,
    shortLost: short.lost,
    shortRefused: short.refused,
    shortRecoverMs: short.recoverMs,
    shortP95Ms: tooks.length === 0 ? 0 : tenths(percentile(tooks, 95)),
    longAsked: long.asked,
    longAnswered: long.answered,
    longWrong: long.wrong,
    longLost: long.lost,
    longRefused: long.refused,
    longRecoverMs: long.recoverMs,
    others,
    refusals,
  };
}

function countsOf(kind: TextKind, samples: readonly Sample[], endedAtMs: number) {
  const own = samples.filter((sample) => sample.kind === kind).toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  const count = (verdict: Sample["verdict"]) => own.filter((sample) => sample.verdict === verdict).length;
  const lastBad = own.findLastIndex(({ verdict }) => verdict !== "answered");
  // A kind that did not recover has at least the time that it was watched for.
  const firstGoodAtMs = own[lastBad + 1]?.sentAtMs ?? own[lastBad]?.endedAtMs ?? endedAtMs;
  const isBadAfterEnd = (own[lastBad]?.sentAtMs ?? Number.NEGATIVE_INFINITY) >= endedAtMs;
  return {
    asked: own.length,
    answered: count("answered"),
    wrong: count("wrong"),
    lost: count("lost"),
    refused: count("refused"),
    recoverMs: isBadAfterEnd ? tenths(firstGoodAtMs - endedAtMs) : 0,
  };
}

/** Whether the newest texts of a kind, sent after the fault, were all answered. */
export function hasRecovered(
  kind: TextKind,
  samples: readonly Sample[],
  endedAtMs: number,
  goodInARow: number,
): boolean {
  const after = samples.filter((sample) => sample.kind === kind && sample.sentAtMs >= endedAtMs);
  const newest = after.toSorted((a, b) => a.sentAtMs - b.sentAtMs).slice(-goodInARow);
  return newest.length === goodInARow && newest.every(({ verdict }) => verdict === "answered");
}

/** From the origin's first good answer: until then, long texts have no other side. */
const MAX_RECOVER_MS = 5000;

/** The promises that a row breaks, one phrase each. @param mayRefuseShort why short texts may be refused; null if they may not */
export function brokenPromises(row: FaultRow, mayRefuseShort: string | null): string[] {
  const backMs = tenths(row.recoverMs - Math.min(row.recoverMs, row.originGoodMs ?? 0));
  return [
    ...(row.shortLost > 0 ? [`${row.shortLost} short texts lost`] : []),
    ...(row.shortWrong > 0 ? [`${row.shortWrong} short texts wrong`] : []),
    ...(row.shortRefused > 0 && mayRefuseShort === null ? [`${row.shortRefused} short texts refused`] : []),
    ...(row.longLost > 0 ? [`${row.longLost} long texts lost`] : []),
    ...(row.longWrong > 0 ? [`${row.longWrong} long texts wrong`] : []),
    ...(backMs <= MAX_RECOVER_MS ? [] : [`texts were answered only ${backMs} ms after the origin's first good answer`]),
  ].map((problem) => `"${row.fault}": ${problem}`);
}
