/** Polls /readyz, which also starts the load, until the edge model is ready. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RunningWorker } from "./running-worker.ts";

const POLL_EVERY_MS = 20;
const MAX_READY_MS = 120_000;

const readySchema = z.object({
  edge: z.object({
    state: z.string(),
    reason: z.string().nullable(),
    heapBytes: z.number(),
    loadMs: z.number().nullable(),
  }),
});
export type EdgeState = z.infer<typeof readySchema>["edge"];

/**
 * The edge state that /readyz reports. The first call starts the load.
 * @param headers such as the operator's token, for a gateway that shows details only to its operator
 */
export async function edgeState({ url }: RunningWorker, headers: Record<string, string> = {}): Promise<EdgeState> {
  const response = await fetch(`${url}/readyz`, { headers, signal: AbortSignal.timeout(MAX_READY_MS) });
  return readySchema.parse(await response.json()).edge;
}

/** @returns the edge state once it is ready @throws Error with one sentence if the model is rejected, or not ready within 2 minutes */
export async function edgeReady(gateway: RunningWorker, headers: Record<string, string> = {}): Promise<EdgeState> {
  const untilMs = performance.now() + MAX_READY_MS;
  while (performance.now() < untilMs) {
    const edge = await edgeState(gateway, headers);
    if (edge.state === "ready") return edge;
    if (edge.state === "rejected") throw new Error(`The ${gateway.name} rejected the model: ${edge.reason}.`);
    await sleep(POLL_EVERY_MS);
  }
  throw new Error(`The ${gateway.name} had no model ready within ${MAX_READY_MS / 1000} s.`);
}
