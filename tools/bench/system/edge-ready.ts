/** Asks /readyz, which also starts the load, until the edge model is ready. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RunningWorker } from "./running-worker.ts";

const ASK_EVERY_MS = 20;
const READY_MAX_MS = 120_000;

const readySchema = z.object({
  edge: z.object({
    state: z.string(),
    reason: z.string().nullable(),
    heapBytes: z.number(),
    loadMs: z.number().nullable(),
  }),
});
export type EdgeState = z.infer<typeof readySchema>["edge"];

export async function edgeState({ url }: RunningWorker): Promise<EdgeState> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_MAX_MS) });
  return readySchema.parse(await response.json()).edge;
}

/** @throws Error with one sentence when the model is rejected or time is up. */
export async function edgeReady(gateway: RunningWorker): Promise<EdgeState> {
  const untilMs = performance.now() + READY_MAX_MS;
  while (performance.now() < untilMs) {
    const edge = await edgeState(gateway);
    if (edge.state === "ready") return edge;
    if (edge.state === "rejected") throw new Error(`The ${gateway.name} rejected the model: ${edge.reason}.`);
    await sleep(ASK_EVERY_MS);
  }
  throw new Error(`The ${gateway.name} had no model within ${READY_MAX_MS / 1000} s.`);
}
