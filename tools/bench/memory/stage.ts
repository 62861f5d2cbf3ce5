/** The stages of a Worker's life: the readings of each stage, and the numbers made of them. */
import { step } from "../../spillway/terminal/progress.ts";
import { mib, tenths } from "../../statistics.ts";
import { type Accounted, account, backingIncludesWasm } from "./account.ts";
import type { HeapUsage, Inspector } from "./inspector.ts";
import { type Sampled, sampleWhile } from "./sampler.ts";

/** A load takes about a second, its peak less. */
const SAMPLE_LOAD_EVERY_MS = 20;
const SAMPLE_RUNS_EVERY_MS = 100;

/** One stage as it was read. Only after the load is it known whether V8 counts the wasm heap. */
export interface Reading {
  /** For programs: `cold`, `load`, `tokens-256` … */
  id: string;
  /** For people. */
  stage: string;
  after: HeapUsage;
  wasmHeapBytes: number;
  /** Null if the isolate was idle. */
  sampled: Sampled | null;
}

export interface Watch {
  /** Reads the idle isolate. */
  rest(id: string, stage: string): Promise<Reading>;
  load(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
  runs(id: string, stage: string, work: () => Promise<unknown>): Promise<Reading>;
}

/** `wasmHeapBytes` asks the Worker, because V8 does not report it. */
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

/** Bounds for the time between readings, when the isolate's thread was busy. */
interface Unseen {
  /** The size of V8's heap, used or not. */
  v8TakenMiB: number;
  /** The total with that size instead of the used part. */
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
  /** How the wasm heap was counted, and the readings that decided it. */
  wasm: {
    heapMiB: number;
    backingStorageColdMiB: number;
    backingStorageLoadedMiB: number;
    backingStorageIncludesIt: boolean;
  };
}

/** Pure. @returns every stage in MiB, in the order of the readings */
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

function toStage({ id, stage, after, wasmHeapBytes, sampled }: Reading, includesWasm: boolean): Stage {
  const done = { id, stage, after: account(after, wasmHeapBytes, includesWasm) };
  if (sampled === null) return { ...done, peak: null };
  const { peak, peakTotalSizeBytes, readings, longestGapMs } = sampled;
  const counted = account(peak, wasmHeapBytes, includesWasm);
  const v8TakenMiB = mib(peakTotalSizeBytes);
  const boundMiB = tenths(counted.totalMiB - counted.v8UsedMiB + v8TakenMiB);
  return { ...done, peak: { ...counted, v8TakenMiB, boundMiB, readings, longestGapMs } };
}

/** The largest reading during a stage or after it. */
export function highest({ after, peak }: { after: Accounted; peak: Accounted | null }): Accounted {
  return peak !== null && peak.totalMiB > after.totalMiB ? peak : after;
}

/** The total of the largest reading. */
export function highestMiB(stage: Stage): number {
  return highest(stage).totalMiB;
}
