/** The gateway's isolate from empty to well used. */
import { edgeReady, edgeState } from "../system/edge-ready.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { Texts } from "../texts.ts";
import { Inspector } from "./inspector.ts";
import { type Answers, runAtEdge, runInTurn, sendMixed } from "./load.ts";
import { mixedBody } from "./mixed-requests.ts";
import { type Counted, count, type Reading } from "./stage.ts";
import { watch } from "./watch.ts";

export const TOKEN_LENGTHS = [32, 64, 128, 256, 512] as const;
export const RUNS_PER_LENGTH = 10;
/** The two lengths on either side of what a full-size model takes at the edge. */
const ALTERNATING = [256, 512] as const;
const MIXED_MAX_MS = 6 * 60_000;
const TURN_MAX_MS = 90 * 60_000;

export interface GatewayMemory extends Counted {
  /** Lengths that the package does not take at the edge: whoever answered. */
  tooLong: { tokens: number; answers: Answers }[];
  mixed: { asked: number; answers: Answers };
  alternations: { tokens: readonly number[]; asked: number; answers: Answers };
  /** Whether the isolate at the end is the one from the beginning, with the same heap, and ready. */
  survived: { sameIsolate: boolean; sameHeap: boolean; ready: boolean };
}

export interface Work {
  /** The most tokens that the package takes at the edge. */
  maxTokens: number;
  /** Mixed requests. */
  requests: number;
  /** Pairs of a text of 256 and one of 512 tokens. */
  alternations: number;
}

export async function measureGateway(gateway: RunningWorker, texts: Texts, work: Work): Promise<GatewayMemory> {
  const inspector = await Inspector.connect(gateway);
  try {
    return await measure(gateway, inspector, texts, work);
  } finally {
    inspector.close();
  }
}

async function measure(
  gateway: RunningWorker,
  inspector: Inspector,
  texts: Texts,
  { maxTokens, requests, alternations }: Work,
): Promise<GatewayMemory> {
  // /readyz would start the load.
  let isCold = true;
  const { rest, load, runs } = watch(inspector, async () => (isCold ? 0 : (await edgeState(gateway)).heapBytes));
  const isolateId = await inspector.isolateId();
  const cold = await rest("cold", "cold, no model");
  isCold = false;
  const loaded = await load("load", "loading the model", () => edgeReady(gateway));

  const later: Reading[] = [];
  const tooLong: GatewayMemory["tooLong"] = [];
  for (const tokens of TOKEN_LENGTHS) {
    const many = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => texts.make(tokens, seed));
    const send = async () => {
      if (tokens <= maxTokens) await runAtEdge(gateway, many);
      else tooLong.push({ tokens, answers: await runInTurn(gateway, many, TURN_MAX_MS) });
    };
    later.push(await runs(`tokens-${tokens}`, `${RUNS_PER_LENGTH} texts of ${tokens} tokens`, send));
  }
  let mixed: Answers = {};
  later.push(
    await runs("mixed", `${requests} mixed requests`, async () => {
      const bodies = Iterator.from(Array(requests).keys()).map((index) => mixedBody(index, maxTokens, texts.make));
      mixed = await sendMixed(gateway, bodies, MIXED_MAX_MS);
    }),
  );
  let alternated: Answers = {};
  later.push(
    await runs("alternations", `${alternations} alternations of ${ALTERNATING.join(" and ")} tokens`, async () => {
      const inTurn = Iterator.from(Array(alternations).keys()).flatMap((seed) =>
        ALTERNATING.map((tokens) => texts.make(tokens, seed)),
      );
      alternated = await runInTurn(gateway, inTurn, TURN_MAX_MS);
    }),
  );

  const { state, heapBytes } = await edgeState(gateway);
  return {
    ...count(cold, loaded, later),
    tooLong,
    mixed: { asked: requests, answers: mixed },
    alternations: { tokens: ALTERNATING, asked: alternations, answers: alternated },
    survived: {
      sameIsolate: (await inspector.isolateId()) === isolateId,
      sameHeap: heapBytes === loaded.wasmHeapBytes,
      ready: state === "ready",
    },
  };
}
