/** The local Lambda origin in this process: real instances, whose starts and calls are counted. */
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Instance, startInstance } from "../../local-lambda/instance.ts";
import { createPool, type Pool } from "../../local-lambda/pool.ts";
import { createOriginServer } from "../../local-lambda/server.ts";
import { initTimeoutMs, instanceEnvironment, modelFolder, readSettings } from "../../local-lambda/settings.ts";
import { signForThisRun } from "../../local-lambda/sign-for-this-run.ts";
import { makeFolder } from "../../process/make-folder.ts";
import type { Credentials } from "../../start/credentials.ts";
import { REGION } from "../system/origin.ts";
import { LOG_FOLDER } from "../system/workspace.ts";

export interface LambdaSettings {
  modelFolder: string;
  credentials: Credentials;
  /** An instance that was idle for this long by `nowMs` ends. */
  idleLifeMs: number;
  nowMs: () => number;
  /** Added to each cold start: what AWS needs before INIT. */
  addedStartUpMs: number;
}

export interface LambdaCounts {
  calls: number;
  /** One for each call that found no idle instance. */
  coldStarts: number;
  /** Calls above the concurrency limit. */
  throttled: number;
  /** From the start of the process to its loaded model, in ms, of each cold start. */
  startUpMs: number[];
}

export interface Lambda {
  url: string;
  /** Counts since the last call of this function. */
  takeCounts(): LambdaCounts;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
/** Each needs about 0.5 GB at DistilBERT's size. */
const CONCURRENCY = 16;
const TIMEOUT_MS = 30_000;

/** @throws Error with one sentence if the package cannot be signed */
export async function startLambda(options: LambdaSettings): Promise<Lambda> {
  const { credentials, idleLifeMs, nowMs, addedStartUpMs } = options;
  const settings = readSettings({
    ...credentials,
    AWS_REGION: REGION,
    SPILLWAY_MODEL_DIR: options.modelFolder,
    SPILLWAY_ORIGIN_CONCURRENCY: String(CONCURRENCY),
    SPILLWAY_ORIGIN_TIMEOUT_MS: String(TIMEOUT_MS),
    SPILLWAY_ORIGIN_WARM_MS: String(Math.max(1, Math.round(idleLifeMs))),
  });
  const trust = await signForThisRun(modelFolder(settings));
  const { PATH, HOME, TMPDIR } = process.env;
  const environment = instanceEnvironment(settings, trust, { PATH, HOME, TMPDIR });
  await makeFolder(LOG_FOLDER);
  const log = openSync(`${LOG_FOLDER}/bench-origin.log`, "w");
  let counts = noCounts();
  const start = () => counted(startInstance(environment, log), addedStartUpMs, (ms) => counts.startUpMs.push(ms));
  const pool = createPool(
    {
      concurrencyLimit: settings.SPILLWAY_ORIGIN_CONCURRENCY,
      timeoutMs: settings.SPILLWAY_ORIGIN_TIMEOUT_MS,
      initTimeoutMs: initTimeoutMs(settings),
      warmMs: settings.SPILLWAY_ORIGIN_WARM_MS,
    },
    () => {
      counts.coldStarts += 1;
      return start();
    },
    nowMs,
  );
  const invoke: Pool["invoke"] = async (requestId, event) => {
    counts.calls += 1;
    const outcome = await pool.invoke(requestId, event);
    if (outcome.kind === "throttled") counts.throttled += 1;
    return outcome;
  };
  const server = createOriginServer({
    credentials: { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY },
    region: REGION,
    pool: { ...pool, invoke },
    now: Date.now,
    log: () => {},
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The origin has no port.");
  // Frees the memory of instances that end.
  const sweeping = setInterval(() => pool.sweep(), 1000);
  return {
    url: `http://${HOST}:${address.port}/`,
    takeCounts() {
      const taken = counts;
      counts = noCounts();
      return taken;
    },
    async close() {
      clearInterval(sweeping);
      server.close();
      server.closeAllConnections();
      await pool.stop();
      closeSync(log);
    },
  };
}

function noCounts(): LambdaCounts {
  return { calls: 0, coldStarts: 0, throttled: 0, startUpMs: [] };
}

/** The instance, ready after its INIT and what is added to it. */
function counted(instance: Instance, addedMs: number, report: (ms: number) => void): Instance {
  const startedAtMs = performance.now();
  const ready = instance.ready.then(async (outcome) => {
    if (addedMs > 0) await sleep(addedMs);
    if (outcome.kind === "ready") report(performance.now() - startedAtMs);
    return outcome;
  });
  return { ...instance, ready };
}
