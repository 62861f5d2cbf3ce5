/** Pure. The isolate's memory from what V8 and the engine say, each byte once. */
import { mib } from "../statistics.ts";
import type { HeapUsage } from "./inspector.ts";

/** Cloudflare's limit for an isolate, JS and wasm together. */
export const LIMIT_MIB = 128;

export interface Accounted {
  wasmHeapMiB: number;
  v8UsedMiB: number;
  embedderMiB: number;
  /** Without the wasm heap where V8 counts that here too. */
  backingStorageMiB: number;
  totalMiB: number;
  limitMiB: number;
}

/**
 * Whether V8's backingStorageSize has the wasm heap in it, seen from its growth while the model was loaded. Anything less than
 * the whole heap is taken for a no: then nothing is subtracted, and the sum errs on the side of too much.
 */
export function backingIncludesWasm(cold: HeapUsage, loaded: HeapUsage, wasmHeapBytes: number): boolean {
  return wasmHeapBytes > 0 && loaded.backingStorageSize - cold.backingStorageSize >= wasmHeapBytes;
}

export function account(usage: HeapUsage, wasmHeapBytes: number, includesWasm: boolean): Accounted {
  const backingBytes = usage.backingStorageSize - (includesWasm ? wasmHeapBytes : 0);
  return {
    wasmHeapMiB: mib(wasmHeapBytes),
    v8UsedMiB: mib(usage.usedSize),
    embedderMiB: mib(usage.embedderHeapUsedSize),
    backingStorageMiB: mib(backingBytes),
    totalMiB: mib(wasmHeapBytes + usage.usedSize + usage.embedderHeapUsedSize + backingBytes),
    limitMiB: LIMIT_MIB,
  };
}

/** What V8 answers for outside the wasm heap. */
export function outsideWasmBytes({ usedSize, embedderHeapUsedSize, backingStorageSize }: HeapUsage): number {
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}
