/** The isolate's memory from the numbers of V8 and of the engine, each byte counted once. Pure. */
import { mib } from "../../statistics.ts";
import type { HeapUsage } from "./inspector.ts";

/** Cloudflare's limit for an isolate, JavaScript and wasm together. */
export const LIMIT_MIB = 128;

export interface Accounted {
  wasmHeapMiB: number;
  v8UsedMiB: number;
  embedderMiB: number;
  /** Without the wasm heap, which V8 may count in backingStorageSize too. */
  backingStorageMiB: number;
  totalMiB: number;
  limitMiB: number;
}

/**
 * Whether V8's backingStorageSize includes the wasm heap, judged by its growth while the model was loaded. A growth of less than the
 * whole heap counts as no: then nothing is subtracted, so the sum is never too small.
 */
export function backingIncludesWasm(cold: HeapUsage, loaded: HeapUsage, wasmHeapBytes: number): boolean {
  return wasmHeapBytes > 0 && loaded.backingStorageSize - cold.backingStorageSize >= wasmHeapBytes;
}

/** @returns the parts and their sum in MiB; `includesWasm` is the result of `backingIncludesWasm` */
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
