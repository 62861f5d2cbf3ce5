/** transformers.js, to compare with: installed on demand, with its model folder, and an attempt to run it in a Worker. */
import { copyFile, link, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { gzipSync } from "node:zlib";
import { step } from "../../spillway/terminal/progress.ts";
import { startPlain } from "../plain/client.ts";
import { type Bundle, bundleWorker } from "../system/bundle.ts";
import { installPackage, type OnDemand } from "../system/install-package.ts";
import { type Workspace, withWorkspace } from "../system/workspace.ts";

export const TRANSFORMERS_VERSION = "4.3.1";
const TRANSFORMERS: OnDemand = {
  name: "@huggingface/transformers",
  version: TRANSFORMERS_VERSION,
  folder: `.spillway/bench/transformers-${TRANSFORMERS_VERSION}`,
  without: "--without-transformers",
};
/** The directory of a model, below the one that transformers.js looks in. */
export const MODEL_NAME = "distilbert";

/** @returns the installed package's folder @throws Error with one sentence without a network */
export function installTransformers(): Promise<string> {
  return installPackage(TRANSFORMERS);
}

/** Lays a model out as transformers.js expects it. @returns the folder for `localModelPath` */
export async function writeModelFolder(workspace: Workspace, int8File: string, labels: readonly string[]) {
  const folder = join(workspace.folder, "transformers");
  const onnx = join(folder, MODEL_NAME, "onnx");
  await mkdir(onnx, { recursive: true });
  await writeFile(join(folder, MODEL_NAME, "config.json"), JSON.stringify(configOf(labels)));
  const target = join(onnx, "model_quantized.onnx");
  await link(int8File, target).catch(() => copyFile(int8File, target));
  return folder;
}

function configOf(labels: readonly string[]) {
  return {
    model_type: "distilbert",
    architectures: ["DistilBertForSequenceClassification"],
    id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
  };
}

export interface InWorker {
  uploadGzipBytes: number;
  /** How transformers.js was imported, and why it did not load; null if it did. */
  attempts: { how: string; problem: string | null }[];
}

const MAX_ATTEMPT_MS = 120_000;

/** The wasm of its onnxruntime-web is a file of the upload, as a Worker has no other way to have it. */
const WASM = "ort-wasm-simd-threaded.asyncify.wasm";
/** Answers /healthz, and loads the model with what a Worker has: no cache, no files, no network. */
const workerSource = (labels: readonly string[], atTop: string, inHandler: string) => `
${atTop}
import wasm from "./${WASM}.bin";
export default {
  async fetch(request) {
    if (new URL(request.url).pathname === "/healthz") return Response.json({ status: "ok" });
    try {
      ${inHandler}
      Object.assign(env, { useBrowserCache: false, useFSCache: false, useWasmCache: false, allowLocalModels: false });
      env.backends.onnx.wasm = { ...env.backends.onnx.wasm, numThreads: 1, wasmBinary: wasm };
      env.fetch = async (url) =>
        String(url).endsWith("config.json")
          ? Response.json(${JSON.stringify(configOf(labels))})
          : String(url).endsWith(".onnx") ? new Response(new Uint8Array(16)) : new Response(null, { status: 404 });
      await AutoModelForSequenceClassification.from_pretrained("bench/model", { dtype: "q8", device: "wasm" });
      return new Response("loaded");
    } catch (error) {
      return new Response(String(error?.message ?? error), { status: 500 });
    }
  },
};
`;
const NAMES = "{ AutoModelForSequenceClassification, env }";
const ATTEMPTS = [
  { how: "imported as documented", atTop: `import ${NAMES} from "${TRANSFORMERS.name}";`, inHandler: "" },
  { how: "imported inside a request", atTop: "", inHandler: `const ${NAMES} = await import("${TRANSFORMERS.name}");` },
];
const CONFIG_TOML = `name = "transformers"
main = "worker.js"
compatibility_date = "2026-11-01"
send_metrics = false
workers_dev = false
rules = [{ type = "Data", globs = ["**/*.bin"], fallthrough = true }]
`;

/** Builds Workers with transformers.js, starts each and lets it load a model. The weights are not real: it fails before it reads them. */
export async function tryInWorker(workspace: Workspace, labels: readonly string[]): Promise<InWorker> {
  const { folder } = TRANSFORMERS;
  await copyFile(join(folder, "node_modules/onnxruntime-web/dist", WASM), join(folder, `${WASM}.bin`));
  await writeFile(join(folder, "wrangler.toml"), CONFIG_TOML);
  const attempts: InWorker["attempts"] = [];
  let uploadGzipBytes = 0;
  for (const [index, { how, atTop, inHandler }] of ATTEMPTS.entries()) {
    await writeFile(join(folder, "worker.js"), workerSource(labels, atTop, inHandler));
    const out = join(workspace.folder, `transformers-worker-${index}`);
    const bundle = await step(`building a Worker with transformers.js, ${how}`, () =>
      bundleWorker({ config: join(folder, "wrangler.toml") }, out),
    );
    uploadGzipBytes = Math.max(uploadGzipBytes, await gzippedBytes(bundle.modulesFolder));
    attempts.push({ how, problem: await problemOf(bundle, join(out, "state")) });
  }
  return { uploadGzipBytes, attempts };
}

/** In a workspace of the attempt: a process that ends would end the bench. */
async function problemOf(bundle: Bundle, persistFolder: string): Promise<string | null> {
  try {
    return await withWorkspace(MAX_ATTEMPT_MS, async (attempt) => {
      const worker = await startPlain(attempt, bundle, persistFolder, "transformers worker");
      const response = await fetch(`${worker.url}/load`, { signal: AbortSignal.timeout(MAX_ATTEMPT_MS / 2) });
      return response.ok ? null : causeIn(await response.text());
    });
  } catch (error) {
    return causeIn(error instanceof Error ? error.message : String(error));
  }
}

/** The sentence of workerd's log, or the first line. */
export function causeIn(message: string): string {
  const text = stripVTControlCharacters(message);
  const uncaught = /Uncaught (\w*Error: [^.\n]*\.?)/.exec(text)?.[1];
  return (uncaught ?? text.split("\n")[0] ?? "").slice(0, 200);
}

/** Of the files of an upload, without source maps and wrangler's README. */
async function gzippedBytes(folder: string): Promise<number> {
  const files = (await readdir(folder)).filter((name) => !/\.(map|md|json)$/.test(name));
  const sizes = await Promise.all(files.map(async (name) => gzipSync(await readFile(join(folder, name))).byteLength));
  return sizes.reduce((sum, size) => sum + size, 0);
}
