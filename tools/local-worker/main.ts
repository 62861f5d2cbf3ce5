/**
 * Runs one Worker in workerd until it gets a signal: `node tools/local-worker/main.ts <settings file>`.
 * docs/decisions/053-workers-without-wrangler-dev.md
 */
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { builtWorker } from "./built-worker.ts";
import { readWorkerSettings, type WorkerSettings } from "./settings.ts";

const [settingsFile = ""] = process.argv.slice(2);
const settings = await readWorkerSettings(settingsFile);
if (settings === null)
  throw new Error(`"${settingsFile}" is no settings file of a local Worker; npm start writes one.`);
const simulator = new Miniflare(await optionsOf(settings));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, async () => {
    await simulator.dispose();
    process.exit(0);
  });
}
await simulator.ready;

async function optionsOf({
  modulesFolder,
  port,
  directPort,
  persistFolder,
  registryFolder,
  inspectorPort,
  variables,
}: WorkerSettings): Promise<MiniflareOptions> {
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port,
    resourcePersistencePath: join(persistFolder, "v3"),
    unsafeDevRegistryPath: registryFolder,
    ...(inspectorPort !== null && { inspectorPort, inspectorHost: "127.0.0.1" }),
    // Off the network.
    cf: false,
    telemetry: { enabled: false },
    // A line per request would contain its path, which can hold any text.
    logRequests: false,
    log: new Log(LogLevel.WARN),
    workers: [
      {
        ...(await builtWorker(modulesFolder, variables)),
        ...(directPort !== null && { unsafeDirectSockets: [{ host: "127.0.0.1", port: directPort }] }),
      },
    ],
  });
}
