/** Sends a hostile text, and meanwhile a short text and a health check again and again. */
import { setTimeout as sleep } from "node:timers/promises";
import { classify } from "../classify.ts";
import { heapUsageBytes, type Inspector } from "../memory/inspector.ts";
import { sampleWhile } from "../memory/sampler.ts";
import type { ReadWaitMs } from "../system/process-group.ts";
import type { Others, Run } from "./report.ts";

export const SHORT = "The minutes of the meeting are attached.";
const PAUSE_MS = 5;
const SAMPLE_EVERY_MS = 10;

export interface Gateway {
  url: string;
  inspector: Inspector;
  /** Of workerd's thread; null where the system does not report it. */
  processorWait: ReadWaitMs | null;
}

/** One run of the request with these texts. */
export async function measureRun(inputs: readonly string[], gateway: Gateway): Promise<Run> {
  const before = heapUsageBytes(await gateway.inspector.heapUsage());
  const call = classify(gateway.url, inputs.length === 1 ? (inputs[0] ?? "") : inputs);
  const { others, peakBytes, longestProcessorWaitMs } = await measureOthers(gateway, call);
  const { route, status, callerMs } = await call;
  return {
    side: route,
    status,
    answerMs: callerMs,
    heapGrowthMiB: (peakBytes - before) / 2 ** 20,
    longestProcessorWaitMs,
    others,
  };
}

/** Also on an idle gateway, so that what measuring takes is in both. */
export async function measureOthers({ url, inspector, processorWait }: Gateway, end: Promise<unknown>) {
  const waiting = longestWaitUntil(end, processorWait);
  let others: Others = { shortMs: [], healthMs: [] };
  const { peak } = await sampleWhile(inspector, SAMPLE_EVERY_MS, async () => {
    others = await othersUntil(url, end);
  });
  return { others, peakBytes: heapUsageBytes(peak), longestProcessorWaitMs: await waiting };
}

/** A short text and a health check until `end` is settled, each at least once. */
async function othersUntil(url: string, end: Promise<unknown>): Promise<Others> {
  const [shortMs, healthMs]: [number[], number[]] = [[], []];
  const isOver = settled(end);
  const repeat = async (into: number[], send: () => Promise<unknown>) => {
    do {
      const sentAtMs = performance.now();
      await send();
      into.push(performance.now() - sentAtMs);
      await sleep(PAUSE_MS);
    } while (!isOver());
  };
  const health = async () => (await fetch(`${url}/healthz`)).arrayBuffer();
  await Promise.all([repeat(shortMs, () => classify(url, SHORT)), repeat(healthMs, health)]);
  return { shortMs, healthMs };
}

/** The most that the thread waited for a processor between two readings. */
async function longestWaitUntil(end: Promise<unknown>, read: ReadWaitMs | null): Promise<number | null> {
  if (read === null) return null;
  const isOver = settled(end);
  let before = await read();
  let longest: number | null = null;
  do {
    await sleep(SAMPLE_EVERY_MS);
    const now = await read();
    if (before !== null && now !== null) longest = Math.max(longest ?? 0, now - before);
    before = now;
  } while (!isOver());
  return longest;
}

function settled(end: Promise<unknown>): () => boolean {
  const state = { isOver: false };
  const over = () => {
    state.isOver = true;
  };
  end.then(over, over);
  return () => state.isOver;
}
