/**
 * One instance of onnxruntime-web's wasm with a heap that cannot outgrow its limit.
 * Why its exports are called directly: docs/decisions/001-onnxruntime-by-its-exports.md
 */

import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import createOrtModule from "onnxruntime-web/ort-wasm-simd-threaded.mjs";

/** The wasm page: heaps are sized in multiples of it. */
const PAGE_BYTES = 65_536;
/** The module declares that it needs at least this much; smaller limits are raised to it. */
export const HEAP_MIN_BYTES = 256 * PAGE_BYTES;
/** Only fatal messages: ORT's own log goes to the console, which no operator reads and where text could end up. */
const LOG_FATAL = 4;

export interface HeapLimits {
  /** Heap at start; sized to what the model needs, because each growth over-allocates by up to 20 %. */
  initialBytes: number;
  /** Hard limit: past it an allocation fails inside ONNX Runtime, and the isolate continues. */
  maximumBytes: number;
}

export interface OrtRuntime {
  readonly ort: OrtModule;
  readonly memory: WebAssembly.Memory;
  /** The wasm heap's size now, in bytes. It never shrinks. */
  heapBytes(): number;
  /** A fresh view of the heap; the last one is detached or short after the heap has grown. */
  heap(): Uint8Array;
  /** Makes the heap at least this large now. A growth by ONNX Runtime over-allocates by up to 20 %. @throws OrtError at the limit */
  growTo(bytes: number): void;
}

/** What ONNX Runtime reported about a failed call. `outOfMemory`: the heap's limit was reached; the model is not at fault. */
export class OrtError extends Error {
  readonly outOfMemory: boolean;
  constructor(call: string, reason: string) {
    super(`${call} failed: ${reason}`);
    this.name = "OrtError";
    this.outOfMemory = /bad_alloc|Failed to allocate memory|out of memory/i.test(reason);
  }
}

/**
 * Instantiates the compiled module. Each call makes a new instance, so a failed or crashed one can be discarded.
 * @throws OrtError when ONNX Runtime does not initialise; RangeError when the heap cannot be reserved.
 */
export async function startRuntime(wasm: WebAssembly.Module, limits: HeapLimits): Promise<OrtRuntime> {
  const { glue, memory } = withBoundedMemory(limits, () =>
    createOrtModule({
      numThreads: 1,
      instantiateWasm(imports, done) {
        done(new WebAssembly.Instance(wasm, imports), wasm);
        return {};
      },
    }),
  );
  const ort = await glue;
  check(ort, ort._OrtInit(1, LOG_FATAL), "OrtInit");
  return {
    ort,
    memory,
    heapBytes: () => memory.buffer.byteLength,
    heap: () => new Uint8Array(memory.buffer),
    growTo: (bytes) => growTo(memory, bytes),
  };
}

function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missingPages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (missingPages <= 0) return;
  try {
    memory.grow(missingPages);
  } catch {
    throw new OrtError("grow", `out of memory: the heap may not have ${bytes} bytes`);
  }
}

/** Throws what ONNX Runtime reports when a call returned an error code. */
export function check(ort: OrtModule, errorCode: number, call: string): void {
  if (errorCode !== 0) throw lastError(ort, call);
}

/** Throws what ONNX Runtime reports when a call returned no handle. */
export function checkHandle(ort: OrtModule, handle: number, call: string): number {
  if (handle === 0) throw lastError(ort, call);
  return handle;
}

/** A block of the heap. @throws OrtError (outOfMemory) at the heap's limit. */
export function allocate(ort: OrtModule, sizeBytes: number): number {
  const pointer = ort._malloc(sizeBytes);
  if (pointer === 0) throw new OrtError("malloc", `out of memory: no room for ${sizeBytes} bytes`);
  return pointer;
}

function lastError(ort: OrtModule, call: string): OrtError {
  const stack = ort.stackSave();
  const at = ort.stackAlloc(8);
  ort._OrtGetLastError(at, at + 4);
  const message = ort.getValue(at + 4, "*");
  const error = new OrtError(call, message === 0 ? "no reason given" : ort.UTF8ToString(message));
  ort.stackRestore(stack);
  return error;
}

/**
 * The glue creates its own memory (16 MiB growing to 4 GiB) and accepts no other, so the constructor is replaced while it runs. The
 * glue also detects Node by `process.versions.node`, which workerd has with nodejs_compat; the type "renderer" makes it detect a
 * process that is not Node. With `Atomics.waitAsync` it would wait for messages of other threads, of which there are none, and V8
 * would keep the memory reachable for ever. All three are restored before this function returns: the glue reads them synchronously,
 * before its first await.
 */
function withBoundedMemory(limits: HeapLimits, start: () => Promise<OrtModule>) {
  const RealMemory = WebAssembly.Memory;
  const realType = Reflect.get(process, "type");
  const { waitAsync } = Atomics;
  const maximum = Math.floor(Math.max(HEAP_MIN_BYTES, limits.maximumBytes) / PAGE_BYTES);
  const initial = Math.min(maximum, Math.ceil(Math.max(HEAP_MIN_BYTES, limits.initialBytes) / PAGE_BYTES));
  const memory = new RealMemory({ initial, maximum, shared: true });
  try {
    Reflect.set(process, "type", "renderer");
    Reflect.set(Atomics, "waitAsync", undefined);
    WebAssembly.Memory = function BoundedMemory(asked: WebAssembly.MemoryDescriptor) {
      // The glue's other memory, of zero pages, only borrows the SharedArrayBuffer constructor.
      return asked.initial === 0 ? new RealMemory(asked) : memory;
    } as unknown as typeof WebAssembly.Memory;
    return { glue: start(), memory };
  } finally {
    WebAssembly.Memory = RealMemory;
    Reflect.set(process, "type", realType);
    Reflect.set(Atomics, "waitAsync", waitAsync);
  }
}
