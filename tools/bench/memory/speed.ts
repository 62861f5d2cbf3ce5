/** How long a run takes, the gateway's edge and the plain way taking turns on the same texts. */
import { step } from "../../spillway/terminal/progress.ts";
import { classify } from "../classify.ts";
import { runPlain } from "../plain/client.ts";
import { hundredths, percentile, tenths } from "../statistics.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { type Cell, type Side, takeTurns } from "../take-turns.ts";
import type { Texts } from "../texts.ts";

type SideName = "spillway" | "plain";

interface Timed {
  ok: boolean;
  callerMs: number;
  /** The model's run as the Worker timed it, in whole ms. */
  runMs: number;
}

interface SideSpeed {
  samples: number;
  callerP50Ms: number;
  runP50Ms: number;
}

export interface Speed {
  tokens: number;
  spillway: SideSpeed;
  plain: SideSpeed;
  plainOverSpillway: { caller: number; run: number };
}

/** V8 has optimized the wasm by then; the first runs take two to three times as long. */
const WARM_UP_ROUNDS = 8;
const EXTRA_ROUNDS_RATIO = 0.5;

/** @throws Error when the edge does not answer often enough */
export async function compareSpeed(
  workers: Record<SideName, RunningWorker>,
  texts: Texts,
  { lengths, samples }: { lengths: readonly number[]; samples: number },
): Promise<Speed[]> {
  const sides: Side<SideName, Timed>[] = [
    { name: "spillway", answer: (text) => atEdge(workers.spillway, text), counts: ({ ok }) => ok },
    { name: "plain", answer: (text) => plainly(workers.plain, texts.encode(text)), counts: ({ ok }) => ok },
  ];
  await step("warming both up", () =>
    takeTurns(sides, texts, { lengths, enough: WARM_UP_ROUNDS, mostRounds: WARM_UP_ROUNDS }),
  );
  const cells = await step(`timing ${lengths.join(", ")} tokens, ${samples} times each`, () =>
    takeTurns(sides, texts, {
      lengths,
      enough: samples,
      mostRounds: Math.ceil(samples * (1 + EXTRA_ROUNDS_RATIO)),
    }),
  );
  return lengths.map((tokens) => toSpeed(tokens, cells, samples));
}

async function atEdge(gateway: RunningWorker, text: string): Promise<Timed> {
  const { route, callerMs, gatewayMs } = await classify(gateway.url, text);
  return { ok: route === "edge", callerMs, runMs: gatewayMs["edge"] ?? 0 };
}

async function plainly(plain: RunningWorker, tokenIds: readonly number[]): Promise<Timed> {
  return { ok: true, ...(await runPlain(plain, tokenIds)) };
}

/** Pure. @throws Error when there are fewer answers than wanted */
export function toSpeed(tokens: number, cells: readonly Cell<SideName, Timed>[], wanted: number): Speed {
  const of = (side: SideName): SideSpeed => {
    const good = cells.find((cell) => cell.side === side && cell.tokens === tokens)?.good ?? [];
    if (good.length < wanted) {
      throw new Error(`${side} answered ${good.length} texts of ${tokens} tokens itself; ${wanted} are needed.`);
    }
    const p50 = (pick: (timed: Timed) => number) => tenths(percentile(good.map(pick), 50));
    return {
      samples: good.length,
      callerP50Ms: p50(({ callerMs }) => callerMs),
      runP50Ms: p50(({ runMs }) => runMs),
    };
  };
  const spillway = of("spillway");
  const plain = of("plain");
  const caller = hundredths(plain.callerP50Ms / spillway.callerP50Ms);
  return {
    tokens,
    spillway,
    plain,
    plainOverSpillway: { caller, run: hundredths(plain.runP50Ms / spillway.runP50Ms) },
  };
}
