/** `npm start`: the whole system on this machine: trace viewer, Lambda origin, and the gateway in workerd with its KV and R2. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildEngine } from "../../engine/build/build-engine.ts";
import { POLICY_KEY } from "../../policies/store.ts";
import { type Child, startChild } from "../process/child.ts";
import { type LocalSettings, readSettings } from "../process/local-settings.ts";
import { makeFolder } from "../process/make-folder.ts";
import { binOf } from "../process/package-bin.ts";
import { freePort, mustBeFree } from "../process/ports.ts";
import { offlineWrangler, withLocalBindings, wranglerCommand } from "../process/run-wrangler.ts";
import { waitFor } from "../process/wait-for.ts";
import { openLocalPackage } from "../spillway/model/local-package.ts";
import { bucketOf, type R2Binding } from "../spillway/model/publish/bucket.ts";
import { publishPackage } from "../spillway/model/publish/publish.ts";
import { localSigningKey, signLocally } from "../spillway/model/sign/local-key.ts";
import { step } from "../spillway/terminal/progress.ts";
import { checkOtherOrigin, checkStoredModel } from "./check-models.ts";
import { type Credentials, childEnvironment, givenCredentials, newCredentials } from "./credentials.ts";
import { firstAnswer } from "./first-answer.ts";
import { greeting, USAGE } from "./greeting.ts";
import { writeVariables } from "./variables.ts";

const [argument] = process.argv.slice(2);
if (argument !== undefined) {
  const isHelp = argument === "--help" || argument === "-h";
  (isHelp ? console.log : console.error)(isHelp ? USAGE : `npm start has no option ${argument}.\n\n${USAGE}`);
  process.exit(isHelp ? 0 : 2);
}

const children: Child[] = [];
let stopping: Promise<void> | undefined;

/** Ends every child, the last one first. Calling it twice is safe. */
function stopAll(): Promise<void> {
  stopping ??= (async () => {
    for (const child of children.toReversed()) await child.stop();
  })();
  return stopping;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, async () => {
    console.error("\nStopping …");
    await stopAll();
    process.exit(0);
  });
}

try {
  process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
  await start(readSettings(process.env));
} catch (error) {
  // A child that exits because the system is being stopped is not an error.
  if (stopping === undefined) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    await stopAll();
    process.exit(1);
  }
}

async function start(settings: LocalSettings): Promise<void> {
  const { gatewayPort, originPort, viewerPort, modelFolder, persistFolder } = settings;
  const credentials = originPort === null ? givenCredentials(process.env) : newCredentials();
  await mustBeFree(gatewayPort, "the gateway", "SPILLWAY_PORT");
  if (originPort !== null) await mustBeFree(originPort, "the origin", "SPILLWAY_ORIGIN_PORT");
  if (viewerPort !== null) await mustBeFree(viewerPort, "the trace viewer", "SPILLWAY_OTLP_PORT");

  await makeFolder(settings.stateFolder).catch((error: Error) => {
    throw new Error(
      `The state folder ${settings.stateFolder} cannot be used (${error.message}). Set SPILLWAY_STATE_DIR to another one.`,
    );
  });
  await buildEngine();
  const opened = await step(`verifying the model package in ${modelFolder}`, () => openLocalPackage(modelFolder));
  const key = await localSigningKey(settings.stateFolder);
  const signature = `${settings.stateFolder}/model.sig`;
  if (originPort === null) await checkOtherOrigin(settings, credentials, opened);
  const notice = await step("signing it with this machine's key, publishing it to the local R2 bucket", async () => {
    const signed = await signLocally(opened, key);
    const stored = await withLocalBindings<Bindings, string | null>(persistFolder, undefined, async (bindings) => {
      const bucket = bucketOf(bindings.MODELS);
      const differs = await checkStoredModel(await bindings.POLICIES.get(POLICY_KEY), opened, bucket);
      await publishPackage(signed, bucket);
      return differs;
    });
    // For the origin, in the state folder: nothing is written into the package.
    await writeFile(signature, signed.bundle);
    return stored;
  });
  if (notice !== null) console.error(`  ! ${notice}`);

  if (viewerPort !== null) {
    await step("starting the trace viewer", () => startViewer(settings, viewerPort));
  }
  if (originPort !== null) {
    await step("starting the Lambda origin and its first instance", () =>
      startOrigin(settings, originPort, credentials, {
        MODEL_PUBLIC_KEY: key.publicKeyPem,
        SPILLWAY_MODEL_SIGNATURE: signature,
      }),
    );
  }
  await step("starting the gateway in workerd", () =>
    startGateway(settings, opened.modelId, key.publicKeyPem, credentials),
  );
  const hasEdge = opened.manifest.edge !== null;
  if (hasEdge) await step("loading the model at the edge", () => edgeReady(settings));

  console.log(greeting(settings, hasEdge));
  console.log(`Spillway is ready: http://127.0.0.1:${gatewayPort}/v1/classify`);
  await Promise.race(children.map(({ died }) => died));
}

interface Bindings {
  MODELS: R2Binding;
  POLICIES: { get(key: string): Promise<string | null> };
}

async function startViewer(settings: LocalSettings, port: number): Promise<void> {
  const cli = await binOf("autotel-devtools", "autotel-devtools");
  const child = await add(
    settings,
    "trace viewer",
    // The gRPC port is not used. By default it would be 4317 or the next free port.
    [process.execPath, cli, "--port", String(port), "--grpc-port", String(await freePort()), "--title", "Spillway"],
    {},
  );
  await waitFor({
    url: `http://127.0.0.1:${port}/v1/traces`,
    isReady: ({ ok }) => ok,
    died: child.died,
    atMostMs: 30_000,
    what: "trace viewer",
    logs: child.logFile,
  });
}

async function startOrigin(
  settings: LocalSettings,
  port: number,
  credentials: Credentials,
  trust: { MODEL_PUBLIC_KEY: string; SPILLWAY_MODEL_SIGNATURE: string },
): Promise<void> {
  const child = await add(settings, "origin", [process.execPath, "tools/local-lambda/main.ts"], {
    ...credentials,
    ...trust,
    SPILLWAY_ORIGIN_PORT: String(port),
    SPILLWAY_MODEL_DIR: settings.modelFolder,
    SPILLWAY_ORIGIN_PREWARM: "1",
    AWS_REGION: settings.region,
    ...settings.otlp,
  });
  // The request is unsigned, so the origin refuses it. Any answer means that it listens.
  await waitFor({
    url: `http://127.0.0.1:${port}/`,
    isReady: () => true,
    died: child.died,
    atMostMs: 60_000,
    what: "origin",
    logs: child.logFile,
  });
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = credentials;
  const answered = firstAnswer({ url: settings.originUrl, region: settings.region, accessKeyId, secretAccessKey });
  await Promise.race([answered, child.died]);
}

async function startGateway(
  settings: LocalSettings,
  modelId: string,
  publicKeyPem: string,
  credentials: Credentials,
): Promise<void> {
  const envFile = `${settings.stateFolder}/gateway.env`;
  await writeVariables(envFile, {
    ...credentials,
    MODEL: modelId,
    MODEL_PUBLIC_KEY: publicKeyPem,
    ORIGIN_URL: settings.originUrl,
    ORIGIN_REGION: settings.region,
    ...settings.otlp,
    ...settings.access,
    ...settings.cors,
  });
  const { gatewayPort } = settings;
  const child = await add(
    settings,
    "gateway",
    await wranglerCommand(
      "dev",
      "--port",
      String(gatewayPort),
      "--inspector-port",
      "0",
      // Problems only: a line per request would contain its path, which can hold any text.
      "--log-level",
      "warn",
      "--persist-to",
      settings.persistFolder,
      "--env-file",
      envFile,
    ),
    offlineWrangler,
  );
  await waitFor({
    url: `http://127.0.0.1:${gatewayPort}/healthz`,
    isReady: ({ ok }) => ok,
    died: child.died,
    atMostMs: 120_000,
    what: "gateway",
    logs: child.logFile,
  });
}

async function edgeReady({ gatewayPort, access, stateFolder }: LocalSettings): Promise<void> {
  await waitFor({
    url: `http://127.0.0.1:${gatewayPort}/readyz`,
    headers: access.OPERATOR_TOKEN === undefined ? {} : { authorization: `Bearer ${access.OPERATOR_TOKEN}` },
    isReady: async (response) => {
      const { edge } = (await response.json()) as { edge: { state: string; reason?: string | null } };
      if (edge.state === "rejected") {
        throw new Error(`The edge rejected the model: ${edge.reason ?? "see the details of /readyz"}.`);
      }
      return edge.state === "ready";
    },
    died: Promise.race(children.map(({ died }) => died)),
    atMostMs: 60_000,
    what: "edge model",
    logs: `${stateFolder}/logs`,
  });
}

async function add(
  { stateFolder }: LocalSettings,
  name: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Child> {
  const logFile = `${stateFolder}/logs/${name.replaceAll(" ", "-")}.log`;
  const child = await startChild(name, command, { ...childEnvironment(process.env), ...env }, logFile);
  children.push(child);
  return child;
}
