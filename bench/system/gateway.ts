/** A gateway in workerd under wrangler dev, with KV, R2, ports and environment of its own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withLocalBucket } from "../../tools/publish/local-bucket.ts";
import { publishPackage } from "../../tools/publish/publish.ts";
import { binOf } from "../../tools/start/bin-of.ts";
import type { Credentials } from "../../tools/start/credentials.ts";
import type { LocalPackage } from "../../tools/start/local-package.ts";
import { offlineWrangler } from "../../tools/start/offline-wrangler.ts";
import { freePort } from "../../tools/start/ports.ts";
import { localSigningKey, signLocally } from "../../tools/start/signing-key.ts";
import { writeVariables } from "../../tools/start/variables.ts";
import { waitFor } from "../../tools/start/wait-for.ts";
import { REGION } from "./origin.ts";
import { type PolicyDocument, writePolicy } from "./policy.ts";
import type { Workspace } from "./workspace.ts";

export interface GatewaySettings {
  name: string;
  /** The built Worker. */
  script: string;
  opened: LocalPackage;
  originUrl: string;
  credentials: Credentials;
  /** Null for the defaults that serve an empty namespace. */
  policy: PolicyDocument | null;
}

export interface Gateway {
  name: string;
  url: string;
  inspectorPort: number;
  /** From the start of the process until /healthz answered; no model is loaded by then. */
  startMs: number;
}

export async function startGateway(workspace: Workspace, settings: GatewaySettings): Promise<Gateway> {
  const { name, opened } = settings;
  const folder = join(workspace.folder, name.replaceAll(" ", "-"));
  const persistFolder = join(folder, "state");
  await mkdir(persistFolder, { recursive: true });
  const key = await localSigningKey(folder);
  const signed = await signLocally(opened, key);
  await withLocalBucket(persistFolder, (bucket) => publishPackage(signed, bucket));
  if (settings.policy !== null) await writePolicy(persistFolder, settings.policy);
  const envFile = join(folder, "gateway.env");
  // No trace backend: what exporting costs is another bench's question.
  const { credentials, originUrl } = settings;
  await writeVariables(envFile, {
    ...credentials,
    MODEL: opened.modelId,
    MODEL_PUBLIC_KEY: key.publicKeyPem,
    ORIGIN_URL: originUrl,
    ORIGIN_REGION: REGION,
  });

  const port = await freePort();
  const inspectorPort = await freePort();
  const cli = await binOf("wrangler", "wrangler");
  const command = [process.execPath, cli, "dev", settings.script, "--no-bundle", "--config", "wrangler.toml"];
  const places = ["--persist-to", persistFolder, "--env-file", envFile];
  const ports = ["--port", String(port), "--inspector-port", String(inspectorPort)];
  const startedAtMs = performance.now();
  const { died } = await workspace.start(name, [...command, ...places, ...ports], {
    ...offlineWrangler,
    // Otherwise it would register beside a system that the user has started.
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitFor({ url: `${url}/healthz`, isReady: ({ ok }) => ok, died, atMostMs: 120_000, what: name });
  return { name, url, inspectorPort, startMs: performance.now() - startedAtMs };
}
