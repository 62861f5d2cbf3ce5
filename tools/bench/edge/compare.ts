/** Both sides on the same texts, taking turns. */
import { step } from "../../spillway/terminal/progress.ts";
import { type Call, classify } from "../classify.ts";
import { hundredths, percentile, tenths } from "../statistics.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { type Cell, type Side, takeTurns } from "../take-turns.ts";
import type { Texts } from "../texts.ts";

type SideName = "edge" | "origin";
const SIDES: readonly SideName[] = ["edge", "origin"];
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
  texts: Texts;
}

/** @throws Error when a side does not answer often enough */
export async function compare(
  gateways: Record<SideName, RunningWorker>,
  { samples, lengths, texts }: Plan,
): Promise<LengthResult[]> {
  const sides = SIDES.map(
    (name): Side<SideName, Call> => ({
      name,
      answer: (text) => classify(gateways[name].url, text),
      counts: ({ route }) => route === name,
    }),
  );
  await step(`warming up, ${WARM_UP_ROUNDS} rounds`, () =>
    takeTurns(sides, texts, { lengths, enough: WARM_UP_ROUNDS, mostRounds: WARM_UP_ROUNDS }),
  );
  const mostRounds = Math.ceil(samples * (1 + EXTRA_ROUNDS_RATIO));
  const cells = await step(`measuring ${lengths.join(", ")} tokens, ${samples} times each side`, () =>
    takeTurns(sides, texts, { lengths, enough: samples, mostRounds }),
  );
  return lengths.map((tokens) => {
    const of = (name: SideName) => cells.find((cell) => cell.side === name && cell.tokens === tokens);
    const edge = summarize(of("edge"), samples);
    const origin = summarize(of("origin"), samples);
    const ratio = origin.callerMs.p50 / edge.callerMs.p50;
    return { tokens, edge, origin, originOverEdgeAtP50: hundredths(ratio) };
  });
}

function summarize(cell: Cell<SideName, Call> | undefined, wanted: number): SideResult {
  if (cell === undefined) throw new Error("A length was not measured.");
  const { side, tokens, good, others } = cell;
  if (good.length < wanted) {
    const last = others.at(-1);
    throw new Error(
      `Of ${good.length + others.length} texts of ${tokens} tokens the ${side} answered ${good.length}; ${wanted} are needed. Another answer: ${last?.status} ${last?.because ?? ""}`,
    );
  }
  const p = (percent: number, pick: (call: Call) => number) => tenths(percentile(good.map(pick), percent));
  const total = ({ gatewayMs }: Call) => gatewayMs["total"] ?? 0;
  const run = ({ gatewayMs }: Call) => gatewayMs[side] ?? 0;
  return {
    samples: good.length,
    discarded: others.length,
    callerMs: { p50: p(50, ({ callerMs }) => callerMs), p95: p(95, ({ callerMs }) => callerMs) },
    gatewayMs: { totalP50: p(50, total), totalP95: p(95, total), runP50: p(50, run), runP95: p(95, run) },
  };
}
