/** Reads the isolate's memory again and again while something happens, and keeps the largest reading. */
import { setTimeout as sleep } from "node:timers/promises";
import { outsideWasmBytes } from "./account.ts";
import type { HeapUsage, Inspector } from "./inspector.ts";

export interface Sampled {
  peak: HeapUsage;
  /** The largest V8 heap taken, used or not: a bound for what a reading may have missed. */
  peakTotalSizeBytes: number;
  readings: number;
  /** The longest time without a reading: the isolate's thread was busy, nothing was seen. */
  longestGapMs: number;
}

/** @throws what `work` throws, and what the inspector says when the isolate was restarted */
export async function sampleWhile(
  inspector: Pick<Inspector, "heapUsage">,
  everyMs: number,
  work: () => Promise<unknown>,
): Promise<Sampled> {
  const readings: HeapUsage[] = [await inspector.heapUsage()];
  let longestGapMs = 0;
  let done = false;
  const sampling = (async () => {
    let lastAtMs = performance.now();
    while (!done) {
      await sleep(everyMs);
      readings.push(await inspector.heapUsage());
      longestGapMs = Math.max(longestGapMs, performance.now() - lastAtMs);
      lastAtMs = performance.now();
    }
  })();
  try {
    // Without readings there is nothing to wait for: a sampling that fails ends the stage at once.
    await Promise.race([work(), sampling]);
  } finally {
    done = true;
  }
  await sampling;
  const peak = readings.reduce((most, one) => (outsideWasmBytes(one) > outsideWasmBytes(most) ? one : most));
  const peakTotalSizeBytes = Math.max(...readings.map(({ totalSize }) => totalSize));
  return { peak, peakTotalSizeBytes, readings: readings.length, longestGapMs: Math.round(longestGapMs) };
}
