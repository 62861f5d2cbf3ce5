/**
 * The gateway, composed of the product's parts as gateway/index.ts composes it, behind ports that fail on command. A new isolate is a new
 * gateway without the old one's memory: requests in progress end on the old one, as on Cloudflare.
 */
import wasm from "../../../engine/dist/engine.wasm";
import { composeGateway, type Env, type Gateway } from "../../../gateway/compose.ts";
import type { RunText } from "../../../gateway/edge/engine.ts";
import { createSpillwayEngine } from "../../../gateway/edge/spillway/spillway-engine.ts";
import type { IsolateEvent } from "../../../gateway/record/events.ts";
import {
  CONTROLS_PATH,
  type Controls,
  ISOLATE_PATH,
  type IsolateFacts,
  NEW_ISOLATE_HEADER,
  NO_FAULTS,
  RECORDS_HEADER,
  STORES_PATH,
} from "./controls.ts";
import { faultyEngine } from "./faulty-engine.ts";
import { faultyBucket, faultyKv, faultyLedger } from "./faulty-stores.ts";
import { HeldSteps } from "./held-steps.ts";

interface Stores {
  POLICIES: KVNamespace;
  KEYS: KVNamespace;
  MODELS: R2Bucket;
}
type FaultyEnv = Omit<Env, "POLICIES" | "KEYS" | "MODELS"> & Stores;

/** Runs of fewer tokens are other callers'. */
const HELD_RUN_TOKENS = 100;
const OVERDUE_MS = 2000;
/** Less than a model needs. */
const SMALL_HEAP_BYTES = 2 ** 20;

let controls: Controls = NO_FAULTS;
let standsAtMs = 0;
let gateway: Gateway | null = null;
const held = new HeldSteps();
const counts = { background: 0, subrequests: 0, records: 0 };
/** When each timer of the gateway's clock is due, by the runtime's clock. */
const timers = new Set<{ dueAtMs: number }>();
/** Of requests in progress, by id. */
const recorded = new Map<string, number>();

const inForce = () => controls;
const clock = {
  nowMs: () => (controls.clockStands ? standsAtMs : Date.now() + controls.clockOffsetMs),
  wait: async (ms: number) => {
    const timer = { dueAtMs: Date.now() + ms };
    timers.add(timer);
    await new Promise((resolve) => setTimeout(resolve, ms));
    timers.delete(timer);
  },
};

function newGateway(env: FaultyEnv): Gateway {
  const composed: Gateway = composeGateway(
    {
      ...env,
      POLICIES: faultyKv(env.POLICIES, inForce, "policies"),
      KEYS: { ...faultyKv(env.KEYS, inForce, "keys"), list: (options) => env.KEYS.list(options) },
      MODELS: faultyBucket(env.MODELS, inForce, () => held.step("load")),
      ...(env.LEDGER && { LEDGER: faultyLedger(env.LEDGER, inForce) }),
    },
    {
      clock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
      fetch: async (input, init) => {
        counts.subrequests += 1;
        return fetch(input, init).finally(() => {
          counts.subrequests -= 1;
        });
      },
      engines: {
        "spillway-engine": faultyEngine({
          engine: createSpillwayEngine(wasm, clock),
          smallEngine: createSpillwayEngine(wasm, clock, SMALL_HEAP_BYTES),
          inForce,
          step: async (texts) => {
            const isLoading = composed.world.sides.edge.status().state === "loading";
            if (isLoading || isHeldRun(texts)) await held.step(isLoading ? "load" : "run");
          },
        }),
        "onnxruntime-web": { unavailable: "the demo model does not need it" },
      },
      report: countRecord,
    },
  );
  return composed;
}

function isHeldRun(texts: readonly RunText[]): boolean {
  return texts.some(({ tokenIds }) => tokenIds.length >= HELD_RUN_TOKENS);
}

function countRecord(event: IsolateEvent): void {
  if (event.kind !== "request-ended") return;
  const { requestId } = event.outcome;
  counts.records += 1;
  recorded.set(requestId, (recorded.get(requestId) ?? 0) + 1);
}

/** The answer with the number of its records. What is recorded of it later is a stray. */
async function served(request: Request, env: FaultyEnv, context: ExecutionContext): Promise<Response> {
  gateway ??= newGateway(env);
  const keepAlive = context.waitUntil.bind(context);
  context.waitUntil = (work) => {
    counts.background += 1;
    keepAlive(
      Promise.resolve(work).finally(() => {
        counts.background -= 1;
      }),
    );
  };
  const response = await gateway.fetch(request, context);
  const requestId = response.headers.get("x-request-id") ?? "";
  const records = recorded.get(requestId) ?? 0;
  recorded.delete(requestId);
  const answer = new Response(response.body, response);
  answer.headers.set(RECORDS_HEADER, String(records));
  return answer;
}

/** Timers that may still fire: one that is overdue has ended with its request, as the runtime ends them. */
function timersLeft(): number {
  for (const timer of timers) if (timer.dueAtMs + OVERDUE_MS < Date.now()) timers.delete(timer);
  return timers.size;
}

function facts(): IsolateFacts {
  // Requests whose caller hung up have an entry until their end.
  const isEdgeReady = gateway?.world.sides.edge.status().state === "ready";
  return {
    ...counts,
    timers: timersLeft(),
    steps: { ...held.counts },
    isHeld: held.isHeld,
    isEdgeReady,
    strayRecords: recorded.size,
  };
}

/** Writes or deletes what is stored, past the faults: `?store=POLICIES&key=policy`. */
async function changeStore(request: Request, env: FaultyEnv): Promise<Response> {
  const parameters = new URL(request.url).searchParams;
  const [store, key] = [parameters.get("store"), parameters.get("key") ?? ""];
  const namespace = store === "POLICIES" ? env.POLICIES : store === "MODELS" ? env.MODELS : null;
  if (namespace === null) return new Response("no such store", { status: 404 });
  if (request.method === "DELETE") await namespace.delete(key);
  if (request.method === "PUT") await namespace.put(key, await request.arrayBuffer());
  if (request.method !== "GET") return new Response(null, { status: 204 });
  const stored = await (store === "MODELS" ? env.MODELS.get(key) : env.POLICIES.get(key, "stream"));
  return stored === null ? new Response(null, { status: 404 }) : new Response("body" in stored ? stored.body : stored);
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname === STORES_PATH) return changeStore(request, env);
    if (pathname === CONTROLS_PATH && request.method === "PUT") {
      const wanted: Partial<Controls> = await request.json();
      controls = { ...NO_FAULTS, ...wanted };
      standsAtMs = Date.now();
      held.set(controls.hold);
    }
    if (pathname === CONTROLS_PATH) return Response.json(facts());
    if (pathname === ISOLATE_PATH || request.headers.has(NEW_ISOLATE_HEADER)) gateway = null;
    if (pathname === ISOLATE_PATH) return new Response(null, { status: 204 });
    return served(request, env, context);
  },
} satisfies ExportedHandler<FaultyEnv>;
