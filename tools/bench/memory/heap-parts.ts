/**
 * The parts of the wasm heap. Of spillway-engine, as it plans them. Of onnxruntime-web, measured in Node: the highest byte in use of a
 * large heap after each step.
 */
import { readFile } from "node:fs/promises";
import { decodeHeader, PREAMBLE_BYTES, readHeaderBytes } from "../../../engine/format/header.ts";
import { planMemory } from "../../../engine/plan-memory.ts";
import type { EdgeEngineId } from "../../../formats/model-package/manifest.ts";
import { allocate, startRuntime } from "../../../gateway/edge/onnx/runtime.ts";
import { compileEdgeWasm, openEdgeModel } from "../../spillway/model/pack/edge-runtime.ts";
import { mib, tenths } from "../../statistics.ts";

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

/** `lengths` must be ascending, because the used part of a heap never shrinks. @throws OrtError, WeightsError */
export async function heapParts(
  edgeFile: string,
  engine: EdgeEngineId,
  lengths: readonly number[],
): Promise<HeapParts> {
  const weights = await readFile(edgeFile);
  return engine === "spillway-engine" ? plannedParts(weights, lengths) : measuredParts(weights, lengths);
}

function plannedParts(weights: Uint8Array, lengths: readonly number[]): HeapParts {
  const header = decodeHeader(weights.subarray(0, readHeaderBytes(weights.subarray(0, PREAMBLE_BYTES))));
  const { weights: start, ids: end } = planMemory(header, 1);
  const activations = lengths.map((tokens) => ({ tokens, mib: mib(planMemory(header, tokens).totalBytes - end) }));
  return { runtimeMiB: mib(start), weightsMiB: mib(end - start), sessionMiB: 0, activations };
}

async function measuredParts(weights: Uint8Array, lengths: readonly number[]): Promise<HeapParts> {
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
