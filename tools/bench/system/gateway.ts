/** Starts a gateway in workerd, with separate KV, R2 and variables. */
import type { z } from "zod";
import { policySchema } from "../../../policies/schema.ts";
import { POLICY_KEY } from "../../../policies/store.ts";
import { openToAll } from "../../process/local-settings.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import type { Credentials } from "../../start/credentials.ts";
import type { Bundle } from "./bundle.ts";
import { REGION } from "./origin.ts";
import { type RunningWorker, startWorker } from "./running-worker.ts";
import type { StoredPackage } from "./stored-package.ts";
import type { Workspace } from "./workspace.ts";

/** A policy document before defaults. */
export type PolicyDocument = z.input<typeof policySchema>;

export interface GatewaySettings {
  name: string;
  bundle: Bundle;
  stored: StoredPackage;
  originUrl: string;
  credentials: Credentials;
  /** Null keeps the KV as it is; without a policy in it, the defaults apply. */
  policy: PolicyDocument | null;
  /** OTLP endpoint. Without one nothing is exported. */
  otlpEndpoint?: string | null;
  /** As for `startWorker`. */
  registry?: string;
  /** Further variables, which replace the usual ones. */
  variables?: Readonly<Record<string, string>>;
}

/** Writes the policy, if there is one, and starts the gateway. @throws Error with one sentence if it does not start */
export async function startGateway(workspace: Workspace, settings: GatewaySettings): Promise<RunningWorker> {
  const { name, bundle, stored, policy, credentials, originUrl } = settings;
  const { modelId, persistFolder, publicKeyPem } = stored;
  if (policy !== null) await writePolicy(persistFolder, policy);
  const variables = {
    ...credentials,
    ...openToAll,
    MODEL: modelId,
    MODEL_PUBLIC_KEY: publicKeyPem,
    ORIGIN_URL: originUrl,
    ORIGIN_REGION: REGION,
    ...(settings.otlpEndpoint && { OTEL_EXPORTER_OTLP_ENDPOINT: settings.otlpEndpoint }),
    ...settings.variables,
  };
  const { registry = name } = settings;
  return startWorker(workspace, { name, bundle, persistFolder, variables, registry });
}

/** `persistFolder` is wrangler's `--persist-to`. */
async function writePolicy(persistFolder: string, document: PolicyDocument): Promise<void> {
  await withLocalKv("POLICIES", persistFolder, (kv) =>
    kv.put(POLICY_KEY, JSON.stringify(policySchema.parse(document))),
  );
}
