/** A Worker built once, as a deployment builds it, with its configuration beside it: an edit during the bench reloads no isolate. */

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { errorLine, runWrangler } from "../../process/run-wrangler.ts";

/** A Worker of this checkout, by wrangler's configuration of it. */
export interface WorkerSource {
  config: string;
  /** What wrangler calls the built script. */
  scriptName: string;
}

export const GATEWAY: WorkerSource = { config: "wrangler.toml", scriptName: "index.js" };

export interface Bundle {
  /** A copy of wrangler's configuration. */
  config: string;
  /** The built script; its modules lie beside it. */
  script: string;
}

const MAX_BUILD_MS = 120_000;

/**
 * Builds a Worker into `folder`, which is created where it is missing.
 * @throws Error with wrangler's message when it does not build
 */
export async function bundleWorker({ config, scriptName }: WorkerSource, folder: string): Promise<Bundle> {
  const outFolder = join(folder, "modules");
  const run = await runWrangler(["deploy", "--dry-run", "--config", config, "--outdir", outFolder], {
    timeoutMs: MAX_BUILD_MS,
  });
  if (run.code !== 0) throw new Error(`wrangler could not build ${config}: ${errorLine(run)}`);
  const copy = join(folder, "wrangler.toml");
  await copyFile(config, copy);
  return { config: copy, script: join(outFolder, scriptName) };
}
