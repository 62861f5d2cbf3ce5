/** Pure. A Worker's readings, stage by stage, as numbers that add up. */

import { step } from "../../spillway/terminal/progress.ts";
import { mib, tenths } from "../statistics.ts";
import { type Accounted, account, backingIncludesWasm } from "./account.ts";
import type { HeapUsage, Inspector } from "./inspector.ts";
import { type Sampled, sampleWhile } from "./sampler.ts";

/** One stage as it was read; how the wasm heap is counted is known only after the load. */
export interface Reading {
  /** For programs: `cold`, `load`, `tokens-256` … */
  id: string;
  /** For people. */
  stage: string;
  after: HeapUsage;
  wasmHeapBytes: number;
  /** Null where nothing was going on. */
  sampled: Sampled | null;
}

/** What bounds the moments between readings, when the isolate's thread was busy. */
interface Unseen {
  /** V8's heap as large as V8 had made it, used or not. */
  v8TakenMiB: number;
  /** The total with that in place of what was used. */
  boundMiB: number;
  readings: number;
  longestGapMs: number;
}

export interface Stage {
  id: string;
  stage: string;
  after: Accounted;
  peak: (Accounted & Unseen) | null;
}

export interface Counted {
  stages: Stage[];
  peakMiB: number;
  /** The measurement behind the way of counting. */
  wasm: {
    heapMiB: number;
    backingStorageColdMiB: number;
    backingStorageLoadedMiB: number;
    backingStorageIncludesIt: boolean;
  };
}

export function count(cold: Reading, loaded: Reading, later: readonly Reading[]): Counted {
  const includesWasm = backingIncludesWasm(cold.after, loaded.after, loaded.wasmHeapBytes);
  const stages = [cold, loaded, ...later].map((reading) => toStage(reading, includesWasm));
  return {
    stages,
    peakMiB: Math.max(...stages.map(highestMiB)),
    wasm: {
      heapMiB: mib(loaded.wasmHeapBytes),
      backingStorageColdMiB: mib(cold.after.backingStorageSize),
      backingStorageLoadedMiB: mib(loaded.after.backingStorageSize),
      backingStorageIncludesIt: includesWasm,
    },
  };
}

/** The most that was seen during a stage or after it. */
export function highest({ after, peak }: { after: Accounted; peak: Accounted | null }): Accounted {
  return peak !== null && peak.totalMiB > after.totalMiB ? peak : after;
}

export function highestMiB(stage: Stage): number {
  return highest(stage).totalMiB;
}

function toStage({ id, stage, after, wasmHeapBytes, sampled }: Reading, includesWasm: boolean): Stage {
  const done = { id, stage, after: account(after, wasmHeapBytes, includesWasm) };
  if (sampled === null) return { ...done, peak: null };
  const { peak, peakTotalSizeBytes, readings, longestGapMs } = sampled;
  const counted = account(peak, wasmHeapBytes, includesWasm);
  const v8TakenMiB = mib(peakTotalSizeBytes);
  const boundMiB = tenths(counted.totalMiB - counted.v8UsedMiB + v8TakenMiB);
  return { ...done, peak: { ...counted, v8TakenMiB, boundMiB, readings, longestGapMs } };
}

/** A Worker's isolate under observation, one stage after another. */

/** A load is over in a second, and its peak in less. */
const SAMPLE_LOAD_EVERY_MS = 20;
const SAMPLE_RUNS_EVERY_MS = 100;

export interface Watch {
  /** The isolate as it is, with nothing going on. */
  rest(id: string, stage: string): Promise<Reading>;
  load(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
  runs(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
}

/** `wasmHeapBytes` asks the Worker, which knows: V8 does not tell. */
export function watch(inspector: Inspector, wasmHeapBytes: () => Promise<number>): Watch {
  const read = async (id: string, stage: string) => {
    return { id, stage, after: await inspector.heapUsage(), wasmHeapBytes: await wasmHeapBytes(), sampled: null };
  };
  const during = (everyMs: number) => (id: string, stage: string, work: () => Promise<unknown>) =>
    step(stage, async () => {
      const sampled = await sampleWhile(inspector, everyMs, work);
      return { ...(await read(id, stage)), sampled };
    });
  return { rest: read, load: during(SAMPLE_LOAD_EVERY_MS), runs: during(SAMPLE_RUNS_EVERY_MS) };
}
