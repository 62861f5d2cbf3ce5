/** One cold load in a fresh process, seen from outside; and what the first caller meets. */
import { setTimeout as sleep } from "node:timers/promises";
import { classify } from "../classify.ts";
import { loadPlain, runPlain } from "../plain/client.ts";
import { tenths } from "../statistics.ts";
import { edgeReady, edgeState } from "../system/edge-ready.ts";
import type { RunningWorker } from "../system/running-worker.ts";

export interface GatewayCold {
  /** From the start of wrangler's process to /healthz, asked every 100 ms. */
  processStartMs: number;
  /** R2 to ready by the Worker's clock; signature, hashes, golden proof included. */
  loadMs: number;
  /** How long that first request, a probe that needs no model, waited for its answer. */
  firstProbeMs: number;
  heapBytes: number;
}

/** Nobody asks meanwhile: a probe every 20 ms took a third of the thread that was to load. */
const LEFT_ALONE_MS = 2000;

/** The gateway has answered nothing but /healthz, which loads no model. */
export async function gatewayCold(gateway: RunningWorker): Promise<GatewayCold> {
  const startedAtMs = performance.now();
  // Its answer is awaited before the next is asked: two at once would be one load and one more request in its way.
  await edgeState(gateway);
  const firstProbeMs = performance.now() - startedAtMs;
  await sleep(LEFT_ALONE_MS);
  const { heapBytes, loadMs } = await edgeReady(gateway);
  if (loadMs === null) throw new Error(`${gateway.name} is ready without having loaded; look at its /readyz.`);
  return {
    processStartMs: tenths(gateway.startMs),
    loadMs: tenths(loadMs),
    firstProbeMs: tenths(firstProbeMs),
    heapBytes,
  };
}

/** Who answered the caller that found the isolate cold, and how long it waited. */
export interface FirstCaller {
  status: number;
  route: string | null;
  because: string | null;
  ms: number;
  /** The gateway's own clock. What the caller waited longer, its answer lay behind the load. */
  gatewayMs: number;
}

/** The gateway is as fresh as for gatewayCold. */
export async function firstCaller(gateway: RunningWorker, text: string): Promise<FirstCaller> {
  const { status, route, because, callerMs, gatewayMs } = await classify(gateway.url, text);
  return { status, route, because, ms: tenths(callerMs), gatewayMs: gatewayMs["total"] ?? 0 };
}

export interface PlainCold {
  processStartMs: number;
  /** From R2 to an open session. Nothing is verified and nothing proved. */
  loadMs: number;
  /** Parts of it by the Worker's clock. */
  readMs: number;
  createMs: number;
  /** Nobody else can answer, so the first caller waits for the load and for the first run. */
  firstCallerMs: number;
  heapBytes: number;
}

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
