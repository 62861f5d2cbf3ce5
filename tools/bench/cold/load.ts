/** One cold load in a fresh process, observed from outside, and what the first caller gets. */
import { setTimeout as sleep } from "node:timers/promises";
import { percentile, tenths } from "../../statistics.ts";
import { classify } from "../classify.ts";
import { loadPlain, runPlain } from "../plain/client.ts";
import { edgeReady, edgeState } from "../system/edge-ready.ts";
import type { RunningWorker } from "../system/running-worker.ts";

/** No request is sent in this time: probes every 20 ms used a third of the thread that loads the model. */
const SILENT_MS = 2000;

export interface GatewayCold {
  /** From the start of Miniflare's process to the answer of /healthz, polled every 100 ms. */
  processStartMs: number;
  /** From R2 to ready by the Worker's clock, including signature, hashes and golden logits. */
  loadMs: number;
  /** How long the first request, a probe that needs no model, waited for its answer. */
  firstProbeMs: number;
  heapBytes: number;
}

/** The gateway has answered only /healthz so far, which loads no model. @throws Error if the model is rejected or not loaded in time */
export async function gatewayCold(gateway: RunningWorker): Promise<GatewayCold> {
  const startedAtMs = performance.now();
  // Its answer is awaited before the next probe: a second request would compete with the load.
  await edgeState(gateway);
  const firstProbeMs = performance.now() - startedAtMs;
  await sleep(SILENT_MS);
  const { heapBytes, loadMs } = await edgeReady(gateway);
  if (loadMs === null) throw new Error(`${gateway.name} is ready without a load; see its /readyz.`);
  return {
    processStartMs: tenths(gateway.startMs),
    loadMs: tenths(loadMs),
    firstProbeMs: tenths(firstProbeMs),
    heapBytes,
  };
}

/** The answer to the caller that met a cold isolate, and how long it waited. */
export interface FirstCaller {
  status: number;
  route: string | null;
  because: string | null;
  ms: number;
  /** By the gateway's clock. In the rest of `ms` the answer waited behind the load. */
  gatewayMs: number;
}

/** What the edge answers once it is ready. */
export interface EdgeAnswers {
  /** The first text's wait, sent at once when /readyz reports ready. */
  firstMs: number;
  /** The median of later ones. */
  warmMs: number;
}

/** V8 has optimized the wasm after these texts. */
const WARM_UP_TEXTS = 12;
const WARM_TEXTS = 15;

/** The gateway has begun to load. @throws Error if another side answers */
export async function edgeAnswers(gateway: RunningWorker, text: string): Promise<EdgeAnswers> {
  await edgeReady(gateway);
  const answerMs = async () => {
    const { status, route, callerMs } = await classify(gateway.url, text);
    if (route !== "edge") throw new Error(`A ready edge's text was answered with ${status} by ${route}.`);
    return callerMs;
  };
  const firstMs = await answerMs();
  for (let done = 0; done < WARM_UP_TEXTS; done++) await answerMs();
  const warm: number[] = [];
  while (warm.length < WARM_TEXTS) warm.push(await answerMs());
  return { firstMs: tenths(firstMs), warmMs: tenths(percentile(warm, 50)) };
}

/** The gateway is as fresh as for `gatewayCold`. */
export async function firstCaller(gateway: RunningWorker, text: string): Promise<FirstCaller> {
  const { status, route, because, callerMs, gatewayMs } = await classify(gateway.url, text);
  return { status, route, because, ms: tenths(callerMs), gatewayMs: gatewayMs["total"] ?? 0 };
}

export interface PlainCold {
  processStartMs: number;
  /** From R2 to an open session, without verification and golden logits. */
  loadMs: number;
  /** Parts of it by the Worker's clock. */
  readMs: number;
  createMs: number;
  /** There is no origin, so the first caller waits for the load and for the first run. */
  firstCallerMs: number;
  heapBytes: number;
}

/** Loads the model in the plain Worker and runs one text. @returns times in ms, rounded to tenths */
export async function plainCold(plain: RunningWorker, tokenIds: readonly number[]): Promise<PlainCold> {
  const { callerMs: loadMs, readMs, createMs, heapBytes } = await loadPlain(plain);
  const { callerMs: runMs } = await runPlain(plain, tokenIds);
  return {
    processStartMs: tenths(plain.startMs),
    loadMs: tenths(loadMs),
    readMs,
    createMs,
    firstCallerMs: tenths(loadMs + runMs),
    heapBytes,
  };
}
