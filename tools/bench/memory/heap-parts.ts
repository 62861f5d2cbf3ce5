/** The parts of the wasm heap, measured in Node on the gateway's engine: the highest byte in use of a large heap after each step. */
import { readFile } from "node:fs/promises";
import { allocate, startRuntime } from "../../../gateway/edge/onnx/runtime.ts";
import { compileEdgeWasm, openEdgeModel } from "../../spillway/model/pack/edge-runtime.ts";
import { mib, tenths } from "../statistics.ts";

const LARGE_HEAP = { initialBytes: 256 * 2 ** 20, maximumBytes: 256 * 2 ** 20 };

export interface HeapParts {
  /** Static data, stack, and what ONNX Runtime keeps after its initialization. */
  runtimeMiB: number;
  weightsMiB: number;
  /** The graph, its operators and their registries. */
  sessionMiB: number;
  /** In addition, while a text of `tokens` tokens runs. */
  activations: { tokens: number; mib: number }[];
}

/** `lengths` must be ascending, because the used part of a heap never shrinks. @throws OrtError */
export async function heapParts(edgeFile: string, lengths: readonly number[]): Promise<HeapParts> {
  const weights = await readFile(edgeFile);
  const wasm = await compileEdgeWasm();
  const runtimeMiB = mib(await firstLargeBlock(wasm));
  const weightsMiB = mib(weights.byteLength);
  const model = await openEdgeModel(wasm, weights, LARGE_HEAP);
  const openedMiB = mib(model.usedBytes());
  const activations = lengths.map((tokens) => {
    model.run(Array.from({ length: tokens }, (_, index) => index));
    return { tokens, mib: tenths(mib(model.usedBytes()) - openedMiB) };
  });
  model.release();
  return { runtimeMiB, weightsMiB, sessionMiB: tenths(openedMiB - runtimeMiB - weightsMiB), activations };
}

/** The address of a large block in a fresh heap: everything below it belongs to the runtime. */
async function firstLargeBlock(wasm: WebAssembly.Module): Promise<number> {
  const { ort } = await startRuntime(wasm, LARGE_HEAP);
  return allocate(ort, 2 ** 23);
}
