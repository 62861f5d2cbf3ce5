/** Compares the gateway's edge with the plain Worker on the same texts: logits, and the time of a run. */
import { z } from "zod";
import { step } from "../../spillway/terminal/progress.ts";
import { hundredths, percentile, tenths } from "../../statistics.ts";
import { classify } from "../classify.ts";
import { runPlain } from "../plain/client.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { type Cell, type Side, takeTurns } from "../take-turns.ts";
import type { Texts } from "../texts.ts";

type SideName = "spillway" | "plain";

export type BothWorkers = Record<SideName, RunningWorker>;

interface Timed {
  ok: boolean;
  callerMs: number;
  /** The model's run by the Worker's clock, in whole ms. */
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

/** V8 has optimized the wasm after these rounds; the first runs take two to three times as long. */
const WARM_UP_ROUNDS = 8;
/** This share of rounds is added to replace answers that were not the edge's. */
const EXTRA_ROUNDS_RATIO = 0.5;

/** Times both in alternation, `samples` times per length and side. @throws Error if the edge gives too few answers */
export async function compareSpeed(
  workers: BothWorkers,
  texts: Texts,
  { lengths, samples }: { lengths: readonly number[]; samples: number },
): Promise<Speed[]> {
  const sides: Side<SideName, Timed>[] = [
    { name: "spillway", answer: (text) => timeGateway(workers.spillway, text), counts: ({ ok }) => ok },
    { name: "plain", answer: (text) => timePlain(workers.plain, texts.encode(text)), counts: ({ ok }) => ok },
  ];
  await step("warming up both", () =>
    takeTurns(sides, texts, { lengths, samples: WARM_UP_ROUNDS, maxRounds: WARM_UP_ROUNDS }),
  );
  const maxRounds = Math.ceil(samples * (1 + EXTRA_ROUNDS_RATIO));
  const cells = await step(`timing ${lengths.join(", ")} tokens, ${samples} samples per side`, () =>
    takeTurns(sides, texts, { lengths, samples, maxRounds }),
  );
  return lengths.map((tokens) => toSpeed(tokens, cells, samples));
}

async function timeGateway(gateway: RunningWorker, text: string): Promise<Timed> {
  const { route, callerMs, gatewayMs } = await classify(gateway.url, text);
  return { ok: route === "edge", callerMs, runMs: gatewayMs["edge"] ?? 0 };
}

async function timePlain(plain: RunningWorker, tokenIds: readonly number[]): Promise<Timed> {
  return { ok: true, ...(await runPlain(plain, tokenIds)) };
}

/** Pure. @throws Error if a side has fewer than `wanted` samples */
export function toSpeed(tokens: number, cells: readonly Cell<SideName, Timed>[], wanted: number): Speed {
  const of = (side: SideName): SideSpeed => {
    const good = cells.find((cell) => cell.side === side && cell.tokens === tokens)?.good ?? [];
    if (good.length < wanted) {
      throw new Error(`${side} answered ${good.length} texts of ${tokens} tokens; the bench needs ${wanted}.`);
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

const rowsSchema = z.array(z.array(z.object({ label: z.string(), score: z.number() })));

/**
 * Shows that both compute the same, without which their speeds could not be compared.
 * @returns the largest difference between two logits of the same text, over one text per length
 * @throws Error if the edge does not answer
 */
export async function largestDifference(
  { spillway, plain }: BothWorkers,
  texts: Texts,
  { lengths, labels }: { lengths: readonly number[]; labels: readonly string[] },
): Promise<number> {
  let largest = 0;
  for (const tokens of lengths) {
    const text = texts.make(tokens, 0);
    const gatewayRow = await gatewayLogits(spillway, text, labels);
    const plainRow = (await runPlain(plain, texts.encode(text))).logits;
    for (const [index, logit] of plainRow.entries()) {
      largest = Math.max(largest, Math.abs(logit - (gatewayRow[index] ?? Number.NaN)));
    }
  }
  return largest;
}

/** @throws Error if the edge does not answer */
async function gatewayLogits({ url }: RunningWorker, text: string, labels: readonly string[]): Promise<number[]> {
  const response = await fetch(`${url}/v1/classify`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ inputs: text, parameters: { function_to_apply: "none" } }),
  });
  const route = response.headers.get("x-spillway-route");
  if (route !== "edge") throw new Error(`The edge did not answer: ${response.status} ${route ?? ""}.`);
  const [row] = rowsSchema.parse(await response.json());
  // The answer is sorted by score; logits are in the order of the labels.
  return labels.map((label) => row?.find((one) => one.label === label)?.score ?? Number.NaN);
}
