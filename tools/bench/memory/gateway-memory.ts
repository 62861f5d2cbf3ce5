/** The memory of the gateway's isolate, from cold to heavily used. */
import { type Call, classify, post } from "../classify.ts";
import { edgeReady, edgeState } from "../system/edge-ready.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import type { MakeText, Texts } from "../texts.ts";
import { Inspector } from "./inspector.ts";
import { type Counted, count, type Reading, watch } from "./stage.ts";

export const TOKEN_LENGTHS = [32, 64, 128, 256, 512] as const;
export const RUNS_PER_LENGTH = 10;
/** The lengths on both sides of the limit of a full-size model at the edge. */
const ALTERNATING = [256, 512] as const;
const MAX_MIXED_MS = 6 * 60_000;
const MAX_SEQUENCE_MS = 90 * 60_000;
/** Requests in flight share the isolate's memory. */
const CONCURRENCY = 4;

const SHORT_TOKENS = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192] as const;
const LIST_TOKENS = [8, 16, 32, 64] as const;
/** Too long for any edge, so the origin answers. */
const LONG_TOKENS = 700;
const MALFORMED = '{"inputs": "never closed';

/** How many requests got which answer: `200 edge`, `200 origin`, `413` … */
export type Answers = Record<string, number>;

export interface GatewayMemory extends Counted {
  /** Lengths above the package's limit at the edge, and which side answered them. */
  tooLong: { tokens: number; answers: Answers }[];
  mixed: { asked: number; answers: Answers };
  alternations: { tokens: readonly number[]; asked: number; answers: Answers };
  /** Whether the isolate at the end is the one from the beginning, with the same heap, and ready. */
  survived: { sameIsolate: boolean; sameHeap: boolean; ready: boolean };
}

export interface Work {
  /** The package's limit at the edge. */
  maxTokens: number;
  /** Mixed requests. */
  requests: number;
  /** Pairs of a text of 256 and one of 512 tokens. */
  alternations: number;
}

/** Reads the memory before the load, during it, and during each kind of work. @throws Error if the isolate is restarted */
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
  // A request for /readyz would start the load, so a cold isolate is not asked for its heap.
  let isCold = true;
  const { rest, load, runs } = watch(inspector, async () => (isCold ? 0 : (await edgeState(gateway)).heapBytes));
  const isolateId = await inspector.isolateId();
  const cold = await rest("cold", "cold, no model");
  isCold = false;
  const loaded = await load("load", "loading the model", () => edgeReady(gateway));

  const later: Reading[] = [];
  const tooLong: GatewayMemory["tooLong"] = [];
  for (const tokens of TOKEN_LENGTHS) {
    const inputs = Array.from({ length: RUNS_PER_LENGTH }, (_, seed) => texts.make(tokens, seed));
    const send = async () => {
      if (tokens <= maxTokens) await runAtEdge(gateway, inputs);
      else tooLong.push({ tokens, answers: await runInSequence(gateway, inputs, MAX_SEQUENCE_MS) });
    };
    later.push(await runs(`tokens-${tokens}`, `${RUNS_PER_LENGTH} texts of ${tokens} tokens`, send));
  }
  let mixed: Answers = {};
  later.push(
    await runs("mixed", `${requests} mixed requests`, async () => {
      const bodies = Iterator.from(Array(requests).keys()).map((index) => mixedBody(index, maxTokens, texts.make));
      mixed = await sendMixed(gateway, bodies, MAX_MIXED_MS);
    }),
  );
  let alternated: Answers = {};
  later.push(
    await runs("alternations", `${alternations} alternations of ${ALTERNATING.join(" and ")} tokens`, async () => {
      const inputs = Iterator.from(Array(alternations).keys()).flatMap((seed) =>
        ALTERNATING.map((tokens) => texts.make(tokens, seed)),
      );
      alternated = await runInSequence(gateway, inputs, MAX_SEQUENCE_MS);
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

/** Sends the texts one after another. @throws Error if another side than the edge answers */
async function runAtEdge(gateway: RunningWorker, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const { route, status, because } = await classify(gateway.url, text);
    if (route !== "edge") throw new Error(`The edge did not answer: ${status} ${route ?? ""} ${because ?? ""}.`);
  }
}

/** Sends the texts one after another until `maxMs` have passed. Either side may answer. */
async function runInSequence(gateway: RunningWorker, texts: Iterable<string>, maxMs: number): Promise<Answers> {
  const untilMs = performance.now() + maxMs;
  const answers: Answers = {};
  for (const text of texts) {
    if (performance.now() >= untilMs) break;
    countAnswer(answers, await classify(gateway.url, text));
  }
  return answers;
}

/** Sends the bodies, four at a time, until `maxMs` have passed. */
async function sendMixed(gateway: RunningWorker, bodies: Iterable<string>, maxMs: number): Promise<Answers> {
  const untilMs = performance.now() + maxMs;
  const answers: Answers = {};
  const queue = bodies[Symbol.iterator]();
  const send = async () => {
    while (performance.now() < untilMs) {
      const next = queue.next();
      if (next.done) return;
      countAnswer(answers, await post(gateway.url, next.value));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, send));
  return answers;
}

function countAnswer(answers: Answers, { status, route }: Call): void {
  const answer = route === null ? String(status) : `${status} ${route}`;
  answers[answer] = (answers[answer] ?? 0) + 1;
}

/**
 * Pure. A mix like a day's traffic: of twenty requests, two are lists, two are long, one is malformed, the others are short.
 * @returns the body of the request with this index, the same in every run
 */
export function mixedBody(index: number, edgeMaxTokens: number, makeText: MakeText): string {
  switch (index % 20) {
    case 4:
    case 14:
      return JSON.stringify({ inputs: LIST_TOKENS.map((tokens) => makeText(tokens, index)) });
    case 7:
    case 17:
      return JSON.stringify({ inputs: makeText(LONG_TOKENS, index) });
    case 10:
      return MALFORMED;
    case 19:
      return JSON.stringify({ inputs: makeText(edgeMaxTokens, index) });
    default: {
      const tokens = SHORT_TOKENS[(index * 7) % SHORT_TOKENS.length] ?? SHORT_TOKENS[0];
      return JSON.stringify({ inputs: makeText(Math.min(tokens, edgeMaxTokens), index) });
    }
  }
}
