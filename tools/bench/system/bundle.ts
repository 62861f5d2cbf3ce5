/** A Worker that is built once, as a deployment is, so that an edit of the source during the bench does not change it. */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { buildWorker, OPTIONS_FILE, type WorkerSource } from "../../local-worker/build.ts";

export const GATEWAY: WorkerSource = { config: "wrangler.toml" };

export interface Bundle {
  /** Absolute path of the folder with the script, its modules and its options. */
  modulesFolder: string;
}

/**
 * Builds a Worker, and copies the build into `folder`, which is created if it does not exist.
 * @throws Error with wrangler's message if the build fails
 */
export async function bundleWorker(source: WorkerSource, folder: string): Promise<Bundle> {
  const bundle = { modulesFolder: join(folder, "modules") };
  await cp(await buildWorker(source), bundle.modulesFolder, { recursive: true });
  return bundle;
}

const optionsSchema = z.looseObject({ name: z.string() });

/** By which other Workers bind its Durable Objects. */
export async function workerName(bundle: Bundle): Promise<string> {
  return (await optionsOf(bundle)).name;
}

async function optionsOf({ modulesFolder }: Bundle): Promise<z.infer<typeof optionsSchema>> {
  return optionsSchema.parse(JSON.parse(await readFile(join(modulesFolder, OPTIONS_FILE), "utf8")));
}
