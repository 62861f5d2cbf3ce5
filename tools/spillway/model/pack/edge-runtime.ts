/** The edge engine in Node: the very code that runs in the Worker, on the same wasm file. For packing and evaluating. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeModelToHeap } from "../../../../gateway/edge/onnx/onnx-engine.ts";
import { type HeapLimits, startRuntime } from "../../../../gateway/edge/onnx/runtime.ts";
import { type ClassifierSession, openSession } from "../../../../gateway/edge/onnx/session.ts";

export interface OpenedEdgeModel extends ClassifierSession {
  heapBytes(): number;
  /** How far up the heap was ever written, in bytes: what was used of it, whatever its size. Takes about 0.1 s. */
  usedBytes(): number;
}

let compiled: WebAssembly.Module | undefined;

/** Opens an `.ort` model in a fresh wasm instance. @throws OrtError, outOfMemory where the limits are too tight. */
export async function openEdgeModel(ort: Uint8Array, limits: HeapLimits): Promise<OpenedEdgeModel> {
  compiled ??= await WebAssembly.compile(await readFile(wasmPath()));
  const runtime = await startRuntime(compiled, limits);
  const block = writeModelToHeap(runtime, ort.byteLength);
  runtime.heap().set(ort, block.pointer);
  const session = openSession(runtime, block);
  return {
    run: (tokenIds) => session.run(tokenIds),
    release: () => session.release(),
    heapBytes: () => runtime.heapBytes(),
    usedBytes: () => lastWrittenByte(runtime.heap()),
  };
}

function lastWrittenByte(heap: Uint8Array): number {
  const words = new Int32Array(heap.buffer);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  return end * words.BYTES_PER_ELEMENT;
}

function wasmPath(): string {
  return fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
}
