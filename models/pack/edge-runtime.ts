/** The edge engine in Node: the very code that runs in the Worker, on the same wasm file. For packing and evaluating. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { allocate, type HeapLimits, startRuntime } from "../../gateway/edge/onnx/runtime.ts";
import { type ClassifierSession, openSession } from "../../gateway/edge/onnx/session.ts";

export interface OpenedEdgeModel extends ClassifierSession {
  heapBytes(): number;
}

let compiled: WebAssembly.Module | undefined;

/** Opens an `.ort` model in a fresh wasm instance. @throws OrtError, outOfMemory where the limits are too tight. */
export async function openEdgeModel(ort: Uint8Array, limits: HeapLimits): Promise<OpenedEdgeModel> {
  compiled ??= await WebAssembly.compile(await readFile(wasmPath()));
  const runtime = await startRuntime(compiled, limits);
  const pointer = allocate(runtime.ort, ort.byteLength);
  runtime.heap().set(ort, pointer);
  const session = openSession(runtime, { pointer, sizeBytes: ort.byteLength });
  return { run: (tokenIds) => session.run(tokenIds), heapBytes: () => runtime.heapBytes() };
}

function wasmPath(): string {
  return fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
}
