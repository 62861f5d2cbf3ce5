/** What lies in the wasm heap, measured in Node on the gateway's own engine: how far up a roomy heap is written at each step. */
import { readFile } from "node:fs/promises";
import { allocate, startRuntime } from "../../../gateway/edge/onnx/runtime.ts";
import { compileEdgeWasm, openEdgeModel } from "../../spillway/model/pack/edge-runtime.ts";
import { mib, tenths } from "../statistics.ts";

const ROOMY = { initialBytes: 256 * 2 ** 20, maximumBytes: 256 * 2 ** 20 };

export interface HeapParts {
  /** Static data, stack, and what ONNX Runtime keeps once it is initialised. */
  runtimeMiB: number;
  weightsMiB: number;
  /** The graph, its operators and their registries. */
  sessionMiB: number;
  /** On top of all that while a text of so many tokens is run. */
  activations: { tokens: number; mib: number }[];
}

/** `lengths` from short to long: a heap once written stays written. @throws OrtError */
export async function heapParts(edgeFile: string, lengths: readonly number[]): Promise<HeapParts> {
  const weights = await readFile(edgeFile);
  const wasm = await compileEdgeWasm();
  const runtimeMiB = mib(await firstLargeBlock(wasm));
  const weightsMiB = mib(weights.byteLength);
  const model = await openEdgeModel(wasm, weights, ROOMY);
  const openedMiB = mib(model.usedBytes());
  const activations = lengths.map((tokens) => {
    model.run(Array.from({ length: tokens }, (_, index) => index));
    return { tokens, mib: tenths(mib(model.usedBytes()) - openedMiB) };
  });
  model.release();
  return { runtimeMiB, weightsMiB, sessionMiB: tenths(openedMiB - runtimeMiB - weightsMiB), activations };
}

/** Where a large block would go in a fresh heap: everything below it is the runtime's own. */
async function firstLargeBlock(wasm: WebAssembly.Module): Promise<number> {
  const { ort } = await startRuntime(wasm, ROOMY);
  return allocate(ort, 2 ** 23);
}
