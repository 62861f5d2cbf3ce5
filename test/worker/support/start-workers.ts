/**
 * Workers of this checkout in one workerd, as `npm start` runs them. wrangler's test harness would load all of wrangler in each process, build
 * the Workers anew for each start, and put a proxy before them.
 */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { buildWorker } from "../../../tools/local-worker/build.ts";
import { builtWorker } from "../../../tools/local-worker/built-worker.ts";

interface WorkerToStart {
  /** Its wrangler configuration, as a path in the checkout. */
  config: string;
  /** They replace those of the configuration. */
  variables: Readonly<Record<string, string>>;
}

/**
 * Starts with empty storage, which ends with it.
 * @param workers the first one gets the requests
 * @param inspectorPort where V8's inspector listens; null for none
 */
export async function startWorkers(
  workers: readonly WorkerToStart[],
  inspectorPort: number | null = null,
): Promise<Miniflare> {
  const built = workers.map(async ({ config, variables }) => builtWorker(await buildWorker({ config }), variables));
  const simulator = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      ...(inspectorPort !== null && { inspectorPort, inspectorHost: "127.0.0.1" }),
      // Off the network.
      cf: false,
      telemetry: { enabled: false },
      logRequests: false,
      log: new Log(LogLevel.NONE),
      workers: await Promise.all(built),
    }),
  );
  await simulator.ready;
  return simulator;
}

/** What the gateway binds, beside it. */
export const CONTROL_PLANE: WorkerToStart = { config: "control-plane/wrangler.toml", variables: {} };
