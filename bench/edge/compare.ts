/** Both sides on the same texts, taking turns. */
import { step } from "../../tools/start/progress.ts";
import { type Call, classify } from "../classify.ts";
import { percentile, tenths } from "../statistics.ts";
import type { Gateway } from "../system/gateway.ts";
import type { MakeText } from "../texts.ts";

type Side = "edge" | "origin";
const SIDES: readonly Side[] = ["edge", "origin"];
/** V8 has optimized the wasm by then; the first runs take two to three times as long. */
const WARM_UP_ROUNDS = 10;
/** An answer of the wrong side is thrown away; so many more rounds may make up for them. */
const EXTRA_ROUNDS_RATIO = 0.5;

interface SideResult {
  samples: number;
  /** Answers of the other side, and refusals. */
  discarded: number;
  callerMs: { p50: number; p95: number };
  gatewayMs: { totalP50: number; totalP95: number; runP50: number; runP95: number };
}

export interface LengthResult {
  tokens: number;
  edge: SideResult;
  origin: SideResult;
  originOverEdgeAtP50: number;
}

export interface Plan {
  lengths: readonly number[];
  /** Per length and side. */
  samples: number;
  makeText: MakeText;
}

/** @throws Error when a side does not answer often enough */
export async function compare(gateways: Record<Side, Gateway>, plan: Plan): Promise<LengthResult[]> {
  const { samples, lengths } = plan;
  await step(`warming up, ${WARM_UP_ROUNDS} rounds`, () => rounds(gateways, plan, WARM_UP_ROUNDS, WARM_UP_ROUNDS));
  const mostRounds = Math.ceil(samples * (1 + EXTRA_ROUNDS_RATIO));
  const calls = await step(`measuring ${lengths.join(", ")} tokens, ${samples} times each side`, () =>
    rounds(gateways, plan, samples, mostRounds),
  );
  return lengths.map((tokens) => {
    const edge = summarize("edge", tokens, calls.get(`edge ${tokens}`) ?? [], samples);
    const origin = summarize("origin", tokens, calls.get(`origin ${tokens}`) ?? [], samples);
    const ratio = origin.callerMs.p50 / edge.callerMs.p50;
    return { tokens, edge, origin, originOverEdgeAtP50: Math.round(ratio * 100) / 100 };
  });
}

/** Calls by side and length, until every cell has enough answers of its own side or the rounds are used up. */
async function rounds(
  gateways: Record<Side, Gateway>,
  { lengths, makeText }: Plan,
  enough: number,
  mostRounds: number,
): Promise<Map<string, Call[]>> {
  const calls = new Map<string, Call[]>(SIDES.flatMap((side) => lengths.map((tokens) => [`${side} ${tokens}`, []])));
  for (let round = 0; round < mostRounds; round++) {
    for (const tokens of lengths) {
      const text = makeText(tokens, round);
      // Who goes first changes, so that neither always finds the caches as the other left them.
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const cell = calls.get(`${side} ${tokens}`) ?? [];
        if (countOf(cell, side) < enough) cell.push(await classify(gateways[side].url, text));
      }
    }
  }
  return calls;
}

function countOf(cell: readonly Call[], side: Side): number {
  return cell.filter(({ route }) => route === side).length;
}

function summarize(side: Side, tokens: number, cell: readonly Call[], wanted: number): SideResult {
  const good = cell.filter(({ route }) => route === side);
  if (good.length < wanted) {
    const last = cell.findLast(({ route }) => route !== side);
    throw new Error(
      `Of ${cell.length} texts of ${tokens} tokens the ${side} answered ${good.length}; ${wanted} are needed. Another answer: ${last?.status} ${last?.because ?? ""}`,
    );
  }
  const p = (percent: number, pick: (call: Call) => number) => tenths(percentile(good.map(pick), percent));
  const total = ({ gatewayMs }: Call) => gatewayMs["total"] ?? 0;
  const run = ({ gatewayMs }: Call) => gatewayMs[side] ?? 0;
  return {
    samples: good.length,
    discarded: cell.length - good.length,
    callerMs: { p50: p(50, ({ callerMs }) => callerMs), p95: p(95, ({ callerMs }) => callerMs) },
    gatewayMs: { totalP50: p(50, total), totalP95: p(95, total), runP50: p(50, run), runP95: p(95, run) },
  };
}
