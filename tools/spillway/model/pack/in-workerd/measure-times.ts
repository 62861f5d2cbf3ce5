/** Measures how long runs take in workerd, where the edge runs: its wasm checks bounds that Node's does not. */
import { spawn } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import workerd from "workerd";
import { z } from "zod";
import { ENGINE_WASM } from "../../../../../engine/build/build-engine.ts";
import type { EdgeEngineId, EdgeEntry } from "../../../../../formats/model-package/manifest.ts";
import { freePort } from "../../../../process/ports.ts";
import { waitFor } from "../../../../process/wait-for.ts";
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
  /** Folder for the Worker's files. */
  work: string;
  signal: AbortSignal;
  /** Called after each of TIME_ROUNDS rounds. */
  onRound: () => void;
}

const WORKERS: Readonly<Record<EdgeEngineId, { script: string; wasm: URL; importedAs: RegExp }>> = {
  "spillway-engine": { script: "engine-worker.ts", wasm: ENGINE_WASM, importedAs: /engine\.wasm$/ },
  "onnxruntime-web": {
    script: "onnx-worker.ts",
    wasm: new URL(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")),
    importedAs: /ort-wasm-simd-threaded\.wasm$/,
  },
};

/** The package is a CommonJS module: a bundler gives its default export, Node the module. */
const workerdPath = z
  .union([z.string(), z.object({ default: z.string() }).transform((module) => module.default)])
  .parse(workerd);

const START_MS = 20_000;
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
  { work, signal, onRound }: Measuring,
): Promise<Point[]> {
  const port = await freePort();
  await bundle(model.engine, work);
  // Beside the configuration: it embeds no file by an absolute path.
  await copyFile(WORKERS[model.engine].wasm, join(work, "model.wasm"));
  const config = join(work, "workerd.capnp");
  await writeFile(config, configuration(model, port));
  const child = spawn(workerdPath, ["serve", config], { stdio: ["ignore", "ignore", "pipe"], signal });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const ended = new Promise<never>((_, reject) => {
    const fail = (how: unknown) =>
      reject(new PackError(`workerd ended while runs were measured (${how}): ${log.trim()}`));
    child.once("error", fail);
    child.once("exit", fail);
  });
  ended.catch(() => {});
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitFor({ url: `${url}/ready`, isReady: ({ ok }) => ok, died: ended, atMostMs: START_MS, what: "workerd" });
    return await Promise.race([ended, measure(url, model, tokenCounts, onRound)]);
  } finally {
    child.kill("SIGKILL");
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

async function bundle(engine: EdgeEngineId, work: string): Promise<void> {
  const { script, importedAs } = WORKERS[engine];
  await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    outfile: join(work, "worker.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    // onnxruntime-web imports them if it detects Node.
    external: ["node:*", "module", "worker_threads"],
    logLevel: "error",
    plugins: [
      {
        name: "the engine's wasm file as a module of the Worker",
        setup: ({ onResolve }) => onResolve({ filter: importedAs }, () => ({ path: "./model.wasm", external: true })),
      },
    ],
  });
}

function configuration({ file }: TimedModel, port: number): string {
  const text = JSON.stringify;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "timing", worker = .timing),
    (name = "files", disk = (path = ${text(dirname(file))})),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "timing")],
);
const timing :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "model.wasm", wasm = embed "model.wasm"),
  ],
  bindings = [(name = "FILES", service = "files")],
);
`;
}
