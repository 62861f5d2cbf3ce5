/** What a Worker on this machine is started with: a file, since its variables hold secrets and a command line is public. */
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";

const workerSettingsSchema = z.strictObject({
  /** Folder of the script and its modules, from `buildWorker`. */
  modulesFolder: z.string(),
  port: z.int().min(1).max(65_535),
  /** A second port, behind which no Worker of Miniflare's stands before this one, so a request has no `cf`; null for none. */
  directPort: z.int().min(1).max(65_535).nullable(),
  /** Absolute path of the folder of KV, R2 and Durable Objects, as wrangler's `--persist-to` has it. */
  persistFolder: z.string(),
  /** Absolute path of the folder by which the Workers of one system find one another's Durable Objects. */
  registryFolder: z.string(),
  /** Where V8's inspector listens; null for none. */
  inspectorPort: z.int().min(1).max(65_535).nullable(),
  /** Variables and secrets, which replace those of wrangler.toml. */
  variables: z.record(z.string(), z.string()),
});

export type WorkerSettings = z.infer<typeof workerSettingsSchema>;

/** @returns null if there is no such file, or it is of another version */
export async function readWorkerSettings(file: string): Promise<WorkerSettings | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  return workerSettingsSchema.safeParse(parseJson(text)).data ?? null;
}

/** Writes a file that only this user can read. An existing file is replaced. */
export async function writeWorkerSettings(file: string, settings: WorkerSettings): Promise<void> {
  await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
}
