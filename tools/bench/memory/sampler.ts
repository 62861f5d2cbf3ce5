/** Reads the isolate's memory repeatedly while the isolate works, and keeps the largest reading. */
import { setTimeout as sleep } from "node:timers/promises";
import { type HeapUsage, heapUsageBytes, type Inspector } from "./inspector.ts";

export interface Sampled {
  peak: HeapUsage;
  /** The largest size of V8's heap, used or not: an upper bound for what the readings missed. */
  peakTotalSizeBytes: number;
  readings: number;
  /** The longest time without a reading, because the isolate's thread was busy. */
  longestGapMs: number;
}

/** Reads every `everyMs` until `work` ends. @throws the error of `work`, or the inspector's if the isolate was restarted */
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
    // Without readings the stage has no result, so an error of the sampling ends it at once.
    await Promise.race([work(), sampling]);
  } finally {
    done = true;
  }
  await sampling;
  const peak = readings.reduce((most, one) => (heapUsageBytes(one) > heapUsageBytes(most) ? one : most));
  const peakTotalSizeBytes = Math.max(...readings.map(({ totalSize }) => totalSize));
  return { peak, peakTotalSizeBytes, readings: readings.length, longestGapMs: Math.round(longestGapMs) };
}
