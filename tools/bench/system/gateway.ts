/** A gateway in workerd, with KV, R2 and environment of its own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { policySchema } from "../../../policies/schema.ts";
import { POLICY_KEY } from "../../../policies/store.ts";
import { openToAll } from "../../process/local-settings.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import type { Credentials } from "../../start/credentials.ts";
import { writeVariables } from "../../start/variables.ts";
import type { Bundle } from "./bundle.ts";
import { REGION } from "./origin.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";
import type { StoredPackage } from "./stored-package.ts";
import type { Workspace } from "./workspace.ts";

export interface GatewaySettings {
  name: string;
  bundle: Bundle;
  stored: StoredPackage;
  originUrl: string;
  credentials: Credentials;
  /** Null for what the stored package's KV already says: the defaults, where nothing was written. */
  policy: PolicyDocument | null;
  /** Where telemetry goes; nowhere unless given: what exporting costs is a bench of its own. */
  otlpEndpoint?: string | null;
}

export async function startGateway(workspace: Workspace, settings: GatewaySettings): Promise<RunningWorker> {
  const { name, bundle, stored, policy, credentials, originUrl } = settings;
  const { modelId, persistFolder, publicKeyPem } = stored;
  if (policy !== null) await writePolicy(persistFolder, policy);
  const folder = join(workspace.folder, name.replaceAll(" ", "-"));
  await mkdir(folder, { recursive: true });
  const envFile = join(folder, "gateway.env");
  await writeVariables(envFile, {
    ...credentials,
    ...openToAll,
    MODEL: modelId,
    MODEL_PUBLIC_KEY: publicKeyPem,
    ORIGIN_URL: originUrl,
    ORIGIN_REGION: REGION,
    ...(settings.otlpEndpoint && { OTEL_EXPORTER_OTLP_ENDPOINT: settings.otlpEndpoint }),
  });
  return startWorker(workspace, { name, bundle, persistFolder, envFile });
}

/** Puts a policy into a gateway's KV before it starts. */

export type PolicyDocument = z.input<typeof policySchema>;

/** @param persistFolder as wrangler's `--persist-to` has it */
export async function writePolicy(persistFolder: string, document: PolicyDocument): Promise<void> {
  await withLocalKv("POLICIES", persistFolder, undefined, (kv) =>
    kv.put(POLICY_KEY, JSON.stringify(policySchema.parse(document))),
  );
}
