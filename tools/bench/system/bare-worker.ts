/** Starts the bare Worker of tools/bench/overhead, which parses a request, calls the origin and responds, without Spillway. */
import { join } from "node:path";
import { step } from "../../spillway/terminal/progress.ts";
import { bundleWorker } from "./bundle.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";
import type { Workspace } from "./workspace.ts";

const BARE = { config: "tools/bench/overhead/wrangler.toml" };

/** @throws Error with one sentence if it cannot be built or does not start */
export async function startBareWorker(workspace: Workspace, originUrl: string): Promise<RunningWorker> {
  const folder = join(workspace.folder, "bare");
  const bundle = await step("building the bare Worker", () => bundleWorker(BARE, folder));
  const variables = { ORIGIN_URL: originUrl };
  return startWorker(workspace, { name: "bare worker", bundle, persistFolder: join(folder, "state"), variables });
}
