/** The services of `npm start`: the command of each, and when it answers. A start that fails leaves no process. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { buildWorker } from "../local-worker/build.ts";
import { type WorkerSettings, writeWorkerSettings } from "../local-worker/settings.ts";
import type { Child } from "../process/child.ts";
import type { LocalSettings } from "../process/local-settings.ts";
import { binOf } from "../process/package-bin.ts";
import { freePort } from "../process/ports.ts";
import { waitFor } from "../process/wait-for.ts";
import type { Credentials } from "./credentials.ts";
import { firstAnswer } from "./first-answer.ts";
import type { Processes } from "./processes.ts";

type Host = Pick<Processes, "start">;

/** The name of its Worker, by which the gateway binds its objects. */
const CONTROL_PLANE = "spillway-control";

/** Starts the trace viewer. */
export async function startViewer(host: Host, port: number): Promise<Child> {
  const cli = await binOf("autotel-devtools", "autotel-devtools");
  // The gRPC port is not used. By default it would be 4317 or the next free port.
  const ports = ["--port", String(port), "--grpc-port", String(await freePort())];
  const child = await host.start("trace viewer", [process.execPath, cli, ...ports, "--title", "Spillway"], {});
  return up(child, { url: `http://127.0.0.1:${port}/v1/traces`, isReady: ({ ok }) => ok, atMostMs: 30_000 });
}

export interface OriginStart {
  port: number;
  credentials: Credentials;
  /** Trust in the package: the pinned key and the path of the signature. */
  trust: { MODEL_PUBLIC_KEY: string; SPILLWAY_MODEL_SIGNATURE: string };
}

/** Starts the Lambda origin, and resolves when its first instance has answered a text. */
export async function startOrigin(
  host: Host,
  { modelFolder, region, otlp, originUrl }: LocalSettings,
  { port, credentials, trust }: OriginStart,
): Promise<Child> {
  const child = await host.start("origin", [process.execPath, "tools/local-lambda/main.ts"], {
    ...credentials,
    ...trust,
    SPILLWAY_ORIGIN_PORT: String(port),
    SPILLWAY_MODEL_DIR: modelFolder,
    SPILLWAY_ORIGIN_PREWARM: "1",
    AWS_REGION: region,
    ...otlp,
  });
  // The request is unsigned, so the origin refuses it. Any answer means that it listens.
  await up(child, { url: `http://127.0.0.1:${port}/`, isReady: () => true, atMostMs: 60_000 });
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = credentials;
  const answered = firstAnswer({ url: originUrl, region, accessKeyId, secretAccessKey });
  await orStopped(child, Promise.race([answered, child.died]));
  return child;
}

/** Where the gateway's process finds the control plane's. Another system has another folder. */
function registryOf(stateFolder: string): string {
  return resolve(stateFolder, "registry");
}

/** Starts the control plane in workerd. */
export async function startControlPlane(
  host: Host,
  { stateFolder, persistFolder, controlPort, access, readOnlyToken, viewerPort }: LocalSettings,
): Promise<Child> {
  const registry = registryOf(stateFolder);
  // A process that was killed leaves its entry, and with it a new one is not registered for 90 s.
  await rm(join(registry, CONTROL_PLANE), { force: true });
  const { ANONYMOUS_ACCESS, OPERATOR_TOKEN } = access;
  const variables = {
    ANONYMOUS_ACCESS,
    ...(OPERATOR_TOKEN !== undefined && { OPERATOR_TOKEN }),
    ...(readOnlyToken !== null && { READ_ONLY_TOKEN: readOnlyToken }),
    ...(viewerPort !== null && { TRACE_PAGES: `http://127.0.0.1:${viewerPort}/` }),
  };
  return startWorker(host, "control plane", stateFolder, {
    config: "control-plane/wrangler.toml",
    port: controlPort,
    persistFolder,
    variables,
  });
}

export interface GatewayStart {
  modelId: string;
  publicKeyPem: string;
  credentials: Credentials;
}

/** Starts the gateway in workerd. */
export async function startGateway(
  host: Host,
  { stateFolder, persistFolder, gatewayPort, originUrl, region, otlp, access, cors }: LocalSettings,
  { modelId, publicKeyPem, credentials }: GatewayStart,
): Promise<Child> {
  const variables = {
    ...credentials,
    MODEL: modelId,
    MODEL_PUBLIC_KEY: publicKeyPem,
    ORIGIN_URL: originUrl,
    ORIGIN_REGION: region,
    ...otlp,
    ...access,
    ...cors,
  };
  return startWorker(host, "gateway", stateFolder, {
    config: "wrangler.toml",
    port: gatewayPort,
    persistFolder,
    variables,
  });
}

/** Its settings are kept in the state folder, as `<name>.json`. */
async function startWorker(
  host: Host,
  name: string,
  stateFolder: string,
  {
    config,
    port,
    persistFolder,
    variables,
  }: { config: string } & Pick<WorkerSettings, "port" | "persistFolder" | "variables">,
): Promise<Child> {
  const file = resolve(stateFolder, `${name.replaceAll(" ", "-")}.json`);
  await writeWorkerSettings(file, {
    modulesFolder: await buildWorker({ config }),
    port,
    persistFolder: resolve(persistFolder),
    registryFolder: registryOf(stateFolder),
    directPort: null,
    inspectorPort: null,
    variables,
  });
  const child = await host.start(name, [process.execPath, "tools/local-worker/main.ts", file], {});
  return up(child, { url: `http://127.0.0.1:${port}/healthz`, isReady: ({ ok }) => ok, atMostMs: 120_000 });
}

/**
 * Resolves when the gateway serves: its settings are right, and its isolate has loaded the model, if the package has an edge. An isolate
 * rejects a package without one, and sends every text to the origin.
 * @throws Error with one sentence if it refuses every request, rejects a model with an edge, or ends
 */
export async function gatewayReady(
  settings: LocalSettings,
  { died, logFile: logs }: Child,
  hasEdge: boolean,
): Promise<void> {
  const { url, headers } = readyz(settings);
  const isReady = async (response: Response) => {
    const { edge, problems } = await readinessIn(response).catch((error: Error) => {
      throw new Error(`${error.message} Details: ${logs}.`);
    });
    if (problems.length > 0) throw new Error(`The gateway would refuse every request: ${problems.join("; ")}.`);
    if (!hasEdge) return true;
    if (edge.state === "rejected") {
      throw new Error(`The edge rejected the model: ${edge.reason ?? "see the details of /readyz"}.`);
    }
    return edge.state === "ready";
  };
  const what = hasEdge ? "edge model" : "gateway";
  await waitFor({ url, headers, isReady, died, atMostMs: 60_000, what, logs });
}

const MAX_ANSWER_MS = 2000;

/** The edge's state by the gateway's own account; null while the gateway does not answer. */
export async function edgeState(settings: LocalSettings): Promise<string | null> {
  const { url, headers } = readyz(settings);
  try {
    return (await readinessIn(await fetch(url, { headers, signal: AbortSignal.timeout(MAX_ANSWER_MS) }))).edge.state;
  } catch {
    return null;
  }
}

function readyz({ gatewayPort, access }: LocalSettings): { url: string; headers: Record<string, string> } {
  const { OPERATOR_TOKEN: token } = access;
  return {
    url: `http://127.0.0.1:${gatewayPort}/readyz`,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  };
}

const readinessSchema = z.object({
  edge: z.object({ state: z.string(), reason: z.string().nullish() }),
  problems: z.array(z.string()).default([]),
});
const refusalSchema = z.object({ error: z.string() });

/** @throws Error with the gateway's sentence when it refuses every caller, such as for a variable that it cannot obey */
async function readinessIn(response: Response): Promise<z.infer<typeof readinessSchema>> {
  const body: unknown = await response.json();
  const refusal = refusalSchema.safeParse(body);
  if (refusal.success) throw new Error(`The gateway answers ${response.status}: ${refusal.data.error}`);
  return readinessSchema.parse(body);
}

interface Readiness {
  url: string;
  isReady: (response: Response) => boolean;
  atMostMs: number;
}

function up(child: Child, readiness: Readiness): Promise<Child> {
  const { died, name: what, logFile: logs } = child;
  return orStopped(
    child,
    waitFor({ ...readiness, died, what, logs }).then(() => child),
  );
}

async function orStopped<T>(child: Child, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    await child.stop();
    throw error;
  }
}
