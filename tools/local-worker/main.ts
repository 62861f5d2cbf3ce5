/**
 * Runs one Worker in workerd until it gets a signal: `node tools/local-worker/main.ts <settings file>`.
 * docs/decisions/053-workers-without-wrangler-dev.md
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { OPTIONS_FILE, SCRIPT } from "./build.ts";
import { readWorkerSettings, type WorkerSettings } from "./settings.ts";

/** How workerd loads what wrangler writes beside the script. */
const MODULE_TYPES: Readonly<Partial<Record<string, "ESModule" | "CompiledWasm" | "Data">>> = {
  ".js": "ESModule",
  ".wasm": "CompiledWasm",
  ".bin": "Data",
};

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
  persistFolder,
  registryFolder,
  inspectorPort,
  variables,
}: WorkerSettings): Promise<MiniflareOptions> {
  const worker = JSON.parse(await readFile(join(modulesFolder, OPTIONS_FILE), "utf8"));
  // The form in which wrangler's API writes a Worker's options.
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
        ...worker,
        modulesRoot: modulesFolder,
        modules: await modulesIn(modulesFolder),
        bindings: { ...worker.bindings, ...variables },
      },
    ],
  });
}

/** The script first: it has the handlers. */
async function modulesIn(folder: string) {
  const names = (await readdir(folder)).toSorted((a, b) => Number(b === SCRIPT) - Number(a === SCRIPT));
  const modules = names.map(async (name) => {
    const type = MODULE_TYPES[extname(name)];
    return type === undefined ? [] : [{ type, path: join(folder, name), contents: await readFile(join(folder, name)) }];
  });
  return (await Promise.all(modules)).flat();
}
