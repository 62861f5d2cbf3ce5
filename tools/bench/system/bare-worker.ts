/** Starts the bare Worker of tools/bench/overhead, which parses a request, calls the origin and responds, without Spillway. */
import { join } from "node:path";
import { step } from "../../spillway/terminal/progress.ts";
import { bundleWorker, type WorkerSource } from "./bundle.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";
import { writeVariables } from "./variables.ts";
import type { Workspace } from "./workspace.ts";

const BARE: WorkerSource = { config: "tools/bench/overhead/wrangler.toml", scriptName: "bare-worker.js" };

/** @throws Error with one sentence if it cannot be built or does not start */
export async function startBareWorker(workspace: Workspace, originUrl: string): Promise<RunningWorker> {
  const folder = join(workspace.folder, "bare");
  const bundle = await step("building the bare Worker", () => bundleWorker(BARE, folder));
  const envFile = join(folder, "bare.env");
  await writeVariables(envFile, { ORIGIN_URL: originUrl });
  return startWorker(workspace, { name: "bare worker", bundle, persistFolder: join(folder, "state"), envFile });
}
