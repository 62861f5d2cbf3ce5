/** The edge engine in Node, for packing and evaluating: the code that runs in the Worker, on the same wasm file. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { allocateModel } from "../../../../gateway/edge/onnx/onnx-engine.ts";
import { type HeapLimits, startRuntime } from "../../../../gateway/edge/onnx/runtime.ts";
import { type ClassifierSession, openSession } from "../../../../gateway/edge/onnx/session.ts";

export interface OpenedEdgeModel extends ClassifierSession {
  heapBytes(): number;
  /** The highest byte of the heap that was ever written: what was used of it, whatever its size. Takes about 0.1 s. */
  usedBytes(): number;
}

/** Compiles the engine's wasm file. Compile it once for several models: V8 keeps the optimized code with the module. */
export async function compileEdgeWasm(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(
    await readFile(fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"))),
  );
}

/** Opens an `.ort` model in a new wasm instance. @throws OrtError; with outOfMemory if the limits are too small */
export async function openEdgeModel(
  wasm: WebAssembly.Module,
  ort: Uint8Array,
  limits: HeapLimits,
): Promise<OpenedEdgeModel> {
  const runtime = await startRuntime(wasm, limits);
  const block = allocateModel(runtime, ort.byteLength);
  runtime.heap().set(ort, block.pointer);
  const session = openSession(runtime, block);
  return {
    run: (tokenIds, typeIds) => session.run(tokenIds, typeIds),
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
