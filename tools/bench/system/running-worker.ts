/** Starts a built Worker in workerd under wrangler dev, with separate ports and a separate registry. */
import { join } from "node:path";
import { freePort } from "../../process/ports.ts";
import { offlineWrangler, wranglerCommand } from "../../process/run-wrangler.ts";
import { waitFor } from "../../process/wait-for.ts";
import type { Bundle } from "./bundle.ts";
import type { Workspace } from "./workspace.ts";

export interface WorkerSettings {
  name: string;
  bundle: Bundle;
  /** Local KV and R2: wrangler's `--persist-to`. */
  persistFolder: string;
  /** Variables and secrets; null if the Worker needs none. */
  envFile: string | null;
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
  const { name, bundle, persistFolder, envFile, registry = name } = settings;
  const port = await freePort();
  const inspectorPort = await freePort();
  const command = await wranglerCommand("dev", bundle.script, "--no-bundle", "--config", bundle.config);
  const state = ["--persist-to", persistFolder, ...(envFile === null ? [] : ["--env-file", envFile])];
  const ports = ["--port", String(port), "--inspector-port", String(inspectorPort)];
  const startedAtMs = performance.now();
  const { died, stop, pid } = await workspace.start(name, [...command, ...state, ...ports], {
    ...offlineWrangler,
    // Otherwise the Worker would appear in the registry of a system that the user has started.
    WRANGLER_REGISTRY_PATH: join(workspace.folder, "registry", registry.replaceAll(" ", "-")),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor({ url: `${url}/healthz`, isReady: ({ ok }) => ok, died, atMostMs: 120_000, what: name });
  return { name, url, inspectorPort, pid, startMs: performance.now() - startedAtMs, stop };
}
