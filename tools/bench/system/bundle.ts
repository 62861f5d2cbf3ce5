/** A Worker built once, as a deployment builds it, with its configuration beside it: an edit during the bench reloads no isolate. */

import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { binOf, offlineWrangler } from "../../process/run-wrangler.ts";

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

/** Into `folder`, which is made where it is missing. */
export async function bundleWorker({ config, scriptName }: WorkerSource, folder: string): Promise<Bundle> {
  const outFolder = join(folder, "modules");
  await runWrangler("deploy", "--dry-run", "--config", config, "--outdir", outFolder);
  const copy = join(folder, "wrangler.toml");
  await copyFile(config, copy);
  return { config: copy, script: join(outFolder, scriptName) };
}

/** One wrangler command that ends by itself. */

const COMMAND_MAX_MS = 120_000;

/** @throws Error with the command's own words when it fails */
export async function runWrangler(...command: readonly string[]): Promise<void> {
  const cli = await binOf("wrangler", "wrangler");
  await promisify(execFile)(process.execPath, [cli, ...command], {
    env: { ...process.env, ...offlineWrangler },
    timeout: COMMAND_MAX_MS,
  });
}
