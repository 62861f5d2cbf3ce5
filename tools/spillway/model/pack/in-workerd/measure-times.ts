/** Measures how long runs take in workerd, where the edge runs: its wasm checks bounds that Node's does not. */
import { basename, dirname } from "node:path";
import { z } from "zod";
import { WorkerdError, type WorkerdOptions, withWorkerd } from "../../../../../engine/bench/in-workerd.ts";
import { ENGINE_WASM } from "../../../../../engine/build/build-engine.ts";
import type { EdgeEngineId, EdgeEntry } from "../../../../../formats/model-package/manifest.ts";
import { type Point, sampleIds } from "../measure.ts";
import { PackError } from "../pack-error.ts";

/** The first rounds take several times as long, until V8 has optimized the wasm code. */
export const TIME_ROUNDS = 15;

export interface TimedModel extends Pick<EdgeEntry, "engine" | "maxTokens" | "heapBytes"> {
  /** Path of the engine's file. */
  file: string;
  vocabularySize: number;
}

interface Measuring {
  signal: AbortSignal;
  /** Called after each of TIME_ROUNDS rounds. */
  onRound: () => void;
}

const WORKERS: Readonly<Record<EdgeEngineId, Pick<WorkerdOptions, "script" | "wasm">>> = {
  "spillway-engine": {
    script: new URL("engine-worker.ts", import.meta.url),
    wasm: { file: ENGINE_WASM, importedAs: /engine\.wasm$/ },
  },
  "onnxruntime-web": {
    script: new URL("onnx-worker.ts", import.meta.url),
    wasm: {
      file: new URL(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")),
      importedAs: /ort-wasm-simd-threaded\.wasm$/,
    },
  },
};

const CALL_MS = 120_000;

/**
 * Milliseconds of a run by number of tokens, on this machine. A Worker corrects them by its own measurements.
 *
 * Each is the fastest of several runs, with the lengths in turns: other load on the machine only makes runs slower, and a model
 * packed on a busy machine would seem slow everywhere.
 * @throws PackError if workerd does not start or the model cannot be run there
 */
export async function measureTimesInWorkerd(
  model: TimedModel,
  tokenCounts: readonly number[],
  { signal, onRound }: Measuring,
): Promise<Point[]> {
  const worker = { ...WORKERS[model.engine], filesFolder: dirname(model.file), signal };
  try {
    return await withWorkerd(worker, (url) => measure(url, model, tokenCounts, onRound));
  } catch (error) {
    if (!(error instanceof WorkerdError)) throw error;
    throw new PackError(`Runs could not be measured: ${error.message}`);
  }
}

async function measure(url: string, model: TimedModel, tokenCounts: readonly number[], onRound: () => void) {
  const { file, heapBytes, maxTokens, vocabularySize } = model;
  await call(`${url}/load?file=${basename(file)}&heapBytes=${heapBytes}&tokens=${maxTokens}`, null);
  const fastestMs = new Map(tokenCounts.map((tokens) => [tokens, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < TIME_ROUNDS; round++) {
    for (const [tokens, soFarMs] of fastestMs) {
      const { ms } = timeSchema.parse(await call(`${url}/run`, sampleIds(tokens, vocabularySize)));
      fastestMs.set(tokens, Math.min(soFarMs, ms));
    }
    onRound();
  }
  return [...fastestMs].map(([tokens, value]) => ({ tokens, value }));
}

const timeSchema = z.object({ ms: z.number().positive() });

async function call(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_MS),
  });
  if (response.ok) return await response.json();
  throw new PackError(`workerd could not run the model (${(await response.text()).slice(0, 300)}).`);
}
