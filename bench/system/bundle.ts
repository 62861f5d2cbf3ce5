/** The Worker built once, as a deployment builds it: an edit of a source file during the bench then reloads no isolate. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { binOf } from "../../tools/start/bin-of.ts";
import { offlineWrangler } from "../../tools/start/offline-wrangler.ts";

const BUILD_MAX_MS = 120_000;

/** Resolves to the script, its modules beside it. */
export async function bundleGateway(folder: string): Promise<string> {
  const cli = await binOf("wrangler", "wrangler");
  const outFolder = join(folder, "bundle");
  await promisify(execFile)(process.execPath, [cli, "deploy", "--dry-run", "--outdir", outFolder], {
    env: { ...process.env, ...offlineWrangler },
    timeout: BUILD_MAX_MS,
  });
  return join(outFolder, "index.js");
}
