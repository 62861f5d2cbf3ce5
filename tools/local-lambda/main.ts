/** The Lambda origin on this machine: a Function URL with AWS_IAM in front of instances of the real handler. */
import { once } from "node:events";
import { answerWithoutOptions, endWith } from "../process/standard-words.ts";
import { startInstance } from "./instance.ts";
import { createPool, type Pool } from "./pool.ts";
import { createOriginServer } from "./server.ts";
import {
  givenTrust,
  initTimeoutMs,
  instanceEnvironment,
  type ModelTrust,
  modelFolder,
  readSettings,
  type Settings,
} from "./settings.ts";
import { signForThisRun } from "./sign-for-this-run.ts";

const HOST = "127.0.0.1";
const SWEEP_EVERY_MS = 10_000;

const USAGE = `Usage: npx node tools/local-lambda/main.ts

Serves the Lambda origin on this machine. It has no options; environment variables configure it:
docs/reference/configuration.md#local-origin`;

endWith(answerWithoutOptions(process.argv.slice(2), "The local origin", USAGE));

try {
  await main(readSettings(process.env));
} catch (error) {
  console.error(`The local origin cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function main(settings: Settings): Promise<void> {
  const trust = givenTrust(settings) ?? (await signForThisRun(modelFolder(settings)));
  const pool = poolFor(settings, trust);
  const server = createOriginServer({
    credentials: credentialsOf(settings),
    region: settings.AWS_REGION,
    pool,
    now: Date.now,
    log: (line) => console.error(`origin: ${line}`),
  });

  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await pool.stop();
    process.exit(0);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);

  // Before listening: a request that finds no warm instance would start another one.
  await prewarm(pool, settings.SPILLWAY_ORIGIN_PREWARM);
  await listen(server, settings.SPILLWAY_ORIGIN_PORT);
  setInterval(() => pool.sweep(), SWEEP_EVERY_MS).unref();
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : settings.SPILLWAY_ORIGIN_PORT;
  console.log(`origin ready on http://${HOST}:${port}/`);
}

function poolFor(settings: Settings, trust: ModelTrust): Pool {
  const environment = instanceEnvironment(settings, trust, process.env);
  return createPool(
    {
      concurrencyLimit: settings.SPILLWAY_ORIGIN_CONCURRENCY,
      timeoutMs: settings.SPILLWAY_ORIGIN_TIMEOUT_MS,
      initTimeoutMs: initTimeoutMs(settings),
      warmMs: settings.SPILLWAY_ORIGIN_WARM_MS,
    },
    () => startInstance(environment),
    Date.now,
  );
}

function credentialsOf(settings: Settings) {
  return {
    accessKeyId: settings.AWS_ACCESS_KEY_ID,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
    ...(settings.AWS_SESSION_TOKEN ? { sessionToken: settings.AWS_SESSION_TOKEN } : {}),
  };
}

async function listen(server: ReturnType<typeof createOriginServer>, port: number): Promise<void> {
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    const busy = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!busy) throw error;
    throw new Error(`port ${port} is in use; stop the process that listens there, or set SPILLWAY_ORIGIN_PORT`);
  }
}

async function prewarm(pool: Pool, count: number): Promise<void> {
  const reasons = await Promise.all(Array.from({ length: count }, () => pool.prewarm()));
  const reason = reasons.find((one) => one !== null);
  if (reason === undefined) return;
  await pool.stop();
  throw new Error(`no instance could be started: ${reason}`);
}
