/** What the first request of a fresh process meets, on either side. */
import { classify } from "../classify.ts";
import { tenths } from "../statistics.ts";
import { edgeReady } from "../system/edge-ready.ts";
import type { RunningWorker } from "../system/running-worker.ts";

/** The gateway has answered nothing but /healthz, which loads no model. */
export async function edgeColdStart(gateway: RunningWorker, text: string) {
  const startedAtMs = performance.now();
  const [first, ready] = await Promise.all([
    classify(gateway.url, text),
    edgeReady(gateway).then(({ heapBytes }) => ({ heapBytes, atMs: performance.now() })),
  ]);
  const { status, route, because, callerMs } = first;
  return {
    processStartMs: tenths(gateway.startMs),
    firstRequestToReadyMs: tenths(ready.atMs - startedAtMs),
    firstRequest: { status, route, because, callerMs: tenths(callerMs) },
    heapBytes: ready.heapBytes,
  };
}

/** The origin has no instance yet. @throws Error when somebody else answered */
export async function originColdStart(gateway: RunningWorker, text: string) {
  const first = await classify(gateway.url, text);
  const second = await classify(gateway.url, text);
  for (const { status, route } of [first, second]) {
    if (route !== "origin") throw new Error(`The origin's first calls were answered with ${status} by ${route}.`);
  }
  return { callerMs: tenths(first.callerMs), secondCallerMs: tenths(second.callerMs) };
}
