/** spillway-engine in Node, for packing and evaluating: the code that runs in the Worker, on the same wasm file. */
import { readFile } from "node:fs/promises";
import { buildEngine, ENGINE_WASM } from "../../../../engine/build/build-engine.ts";
import { createEngine } from "../../../../engine/create-engine.ts";
import { runToEnd } from "../../../../engine/encoder/encoder.ts";
import { MAX_EDGE_HEAP_BYTES } from "../../../../formats/model-package/manifest.ts";

export interface OpenedEngineModel {
  /**
   * Token ids of one text → one logit per label. Blocks the thread.
   * @param typeIds one for each token id; without them, all are 0. Ignored by a model without token types.
   */
  run(tokenIds: readonly number[], typeIds?: readonly number[]): Float32Array;
}

/** The compiled kernels, built from source if a source has changed. */
export async function compileEngineWasm(): Promise<WebAssembly.Module> {
  await buildEngine();
  return WebAssembly.compile(await readFile(ENGINE_WASM));
}

/** @throws WeightsError with one sentence if the file is not whole, or its lanes could overflow */
export function openEngineModel(wasm: WebAssembly.Module, weights: Uint8Array, maxTokens: number): OpenedEngineModel {
  const maxMemoryBytes = MAX_EDGE_HEAP_BYTES["spillway-engine"];
  const loading = createEngine(wasm, { maxMemoryBytes }).load({ maxTokens });
  loading.write(weights);
  const encoder = loading.finish();
  return {
    run(ids, typeIds) {
      const hasTypes = typeIds !== undefined && encoder.architecture.tokenTypes > 1;
      const [logits] = runToEnd(encoder.run([hasTypes ? { ids, kinds: typeIds } : { ids }]));
      if (logits === undefined) throw new Error("The engine returned no logits.");
      return logits;
    },
  };
}
