/**
 * Starts a built Worker in workerd, as `npm start` does, with separate ports and a separate registry. Its clients reach it directly: the
 * Worker that Miniflare puts before it takes 1.2 ms of each request, and Cloudflare has no such Worker.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWorkerSettings } from "../../local-worker/settings.ts";
import { freePort } from "../../process/ports.ts";
import { waitFor } from "../../process/wait-for.ts";
import { type Bundle, workerName } from "./bundle.ts";
import type { Workspace } from "./workspace.ts";

export interface WorkerSettings {
  name: string;
  bundle: Bundle;
  /** Local KV, R2 and Durable Objects: wrangler's `--persist-to`. */
  persistFolder: string;
  /** Variables and secrets, which replace those of the configuration. */
  variables?: Readonly<Record<string, string>>;
  /** Workers of the same registry can bind each other's Durable Objects. Default: one for each. */
  registry?: string;
}

export interface RunningWorker {
  name: string;
  url: string;
  inspectorPort: number;
  /** The id of its process group. */
  pid: number | null;
  /** From the start of the process to the answer of /healthz, which loads no model. */
  startMs: number;
  /** Ends the Worker. The workspace ends it too, at the end of the bench. */
  stop(): Promise<void>;
}

/** Resolves when /healthz answers. @throws Error with one sentence if it does not answer within 2 minutes */
export async function startWorker(workspace: Workspace, settings: WorkerSettings): Promise<RunningWorker> {
  const { name, bundle, persistFolder, variables = {}, registry = name } = settings;
  const port = await freePort();
  const directPort = await freePort();
  const inspectorPort = await freePort();
  const registryFolder = join(workspace.folder, "registry", fileName(registry));
  // A process that was killed leaves its entry, and with it a new one is not registered for 90 s.
  await rm(join(registryFolder, await workerName(bundle)), { force: true });
  await mkdir(persistFolder, { recursive: true });
  const settingsFile = join(workspace.folder, `${fileName(name)}.json`);
  await writeWorkerSettings(settingsFile, {
    modulesFolder: bundle.modulesFolder,
    port,
    directPort,
    persistFolder,
    registryFolder,
    inspectorPort,
    variables,
  });
  const startedAtMs = performance.now();
  const command = [process.execPath, "tools/local-worker/main.ts", settingsFile];
  const { died, stop, pid } = await workspace.start(name, command, {});
  const url = `http://127.0.0.1:${directPort}`;
  await waitFor({ url: `${url}/healthz`, isReady: ({ ok }) => ok, died, atMostMs: 120_000, what: name });
  return { name, url, inspectorPort, pid, startMs: performance.now() - startedAtMs, stop };
}

function fileName(name: string): string {
  return name.replaceAll(/\W+/g, "-");
}
