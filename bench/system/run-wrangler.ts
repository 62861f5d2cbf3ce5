/** One wrangler command that ends by itself. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { binOf } from "../../tools/start/bin-of.ts";
import { offlineWrangler } from "../../tools/start/offline-wrangler.ts";

const COMMAND_MAX_MS = 120_000;

/** @throws Error with the command's own words when it fails */
export async function runWrangler(...command: readonly string[]): Promise<void> {
  const cli = await binOf("wrangler", "wrangler");
  await promisify(execFile)(process.execPath, [cli, ...command], {
    env: { ...process.env, ...offlineWrangler },
    timeout: COMMAND_MAX_MS,
  });
}
