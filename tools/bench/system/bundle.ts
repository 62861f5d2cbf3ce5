/** Builds a Worker once, as a deployment does, so that an edit of the source during the bench does not reload an isolate. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errorLine, runWrangler } from "../../process/run-wrangler.ts";

/** A Worker of this checkout. */
export interface WorkerSource {
  /** wrangler's configuration of it. */
  config: string;
  /** File name of the script that wrangler builds. */
  scriptName: string;
  /** Instead of the configuration's `main`. */
  entry?: string;
}

export const GATEWAY: WorkerSource = { config: "wrangler.toml", scriptName: "index.js" };

export interface Bundle {
  /** A copy of wrangler's configuration. */
  config: string;
  /** The built script; its modules are in the same folder. */
  script: string;
}

const MAX_BUILD_MS = 120_000;

/**
 * Builds a Worker into `folder`, which is created if it does not exist.
 * @throws Error with wrangler's message if the build fails
 */
export async function bundleWorker({ config, scriptName, entry }: WorkerSource, folder: string): Promise<Bundle> {
  const outFolder = join(folder, "modules");
  const main = entry === undefined ? [] : [entry];
  const run = await runWrangler(["deploy", ...main, "--dry-run", "--config", config, "--outdir", outFolder], {
    timeoutMs: MAX_BUILD_MS,
  });
  if (run.code !== 0) throw new Error(`wrangler could not build ${config}: ${errorLine(run)}`);
  const copy = join(folder, "wrangler.toml");
  await writeFile(copy, withAssetsOf(config, await readFile(config, "utf8")));
  return { config: copy, script: join(outFolder, scriptName) };
}

/** Wrangler looks for the folder of static files beside the configuration: the copy names the checkout's. */
function withAssetsOf(config: string, toml: string): string {
  return toml.replace(
    /^(assets = \{ directory = )"([^"]+)"/m,
    (_, start: string, folder: string) => `${start}${JSON.stringify(resolve(dirname(config), folder))}`,
  );
}
