/** Starts a Worker that runs one model file, and loads it: the engine by itself, or stock onnxruntime-web. */
import { join } from "node:path";
import type { WorkerSource } from "../../local-worker/build.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { loadPlain, startPlain, storePlainFile } from "../plain/client.ts";
import { bundleWorker } from "../system/bundle.ts";
import type { Workspace } from "../system/workspace.ts";
import { type Runner, workerRunner } from "./runners.ts";

export const ENGINE: WorkerSource = { config: "tools/bench/engine/wrangler.toml" };

interface RunnerSettings {
  name: string;
  source: WorkerSource;
  file: string;
}

/** The file is in a separate bucket. @throws Error with one sentence */
export async function startRunner(workspace: Workspace, { name, source, file }: RunnerSettings) {
  const persistFolder = join(workspace.folder, name, "state");
  const bundle = await step(`building the ${name} Worker`, () => bundleWorker(source, join(workspace.folder, name)));
  await storePlainFile(persistFolder, file);
  const worker = await startPlain(workspace, bundle, persistFolder, `${name} worker`);
  const { callerMs, heapBytes } = await step(`loading ${file}`, () => loadPlain(worker));
  const run: Runner = workerRunner(worker);
  return { worker, run, load: { callerMs, heapBytes } };
}
