import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HeapUsage } from "../../../../tools/bench/memory/inspector.ts";
import { sampleWhile } from "../../../../tools/bench/memory/sampler.ts";

const usage = (usedSize: number, totalSize = usedSize): HeapUsage => ({
  usedSize,
  totalSize,
  embedderHeapUsedSize: 0,
  backingStorageSize: 0,
});

/** Answers with each reading once, then always with the last one. */
function inspectorOf(...readings: (HeapUsage | Error)[]) {
  let calls = 0;
  return {
    heapUsage: async () => {
      const reading = readings[Math.min(calls, readings.length - 1)] ?? usage(0);
      calls += 1;
      if (reading instanceof Error) throw reading;
      return reading;
    },
  };
}

describe("sampling", () => {
  it("keeps the largest reading, and the largest size of V8's heap", async () => {
    const inspector = inspectorOf(usage(1), usage(5), usage(3, 9), usage(2));
    const { peak, peakTotalSizeBytes, readings } = await sampleWhile(inspector, 1, () => sleep(40));
    expect(peak).toEqual(usage(5));
    expect(peakTotalSizeBytes).toBe(9);
    expect(readings).toBeGreaterThan(3);
  });

  it("ends at once if the isolate was restarted", async () => {
    const inspector = inspectorOf(usage(1), new Error("The Worker was reloaded."));
    const never = () => new Promise(() => {});
    await expect(sampleWhile(inspector, 1, never)).rejects.toThrow("The Worker was reloaded.");
  });

  it("ends if the work fails", async () => {
    const failing = () => Promise.reject(new Error("The edge did not answer."));
    await expect(sampleWhile(inspectorOf(usage(1)), 1, failing)).rejects.toThrow("The edge did not answer.");
  });
});
