/** Starts the gateways of the bench, with keys that have limits. */
import { join } from "node:path";
import { createKey } from "../../spillway/keys/repository.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import type { Bundle } from "../system/bundle.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { startGateway } from "../system/gateway.ts";
import type { EdgePackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import type { Workspace } from "../system/workspace.ts";
import { WITHOUT_LEDGER_HEADER } from "./controls.ts";
import type { Target } from "./load.ts";
import type { LimiterName, SideName } from "./report.ts";
import type { Upstream } from "./upstream.ts";

/** By which a gateway finds the ledger. */
export const REGISTRY = "overhead";
/** Each may send 6,000 requests a minute. An isolate reads each from KV every 20 s, so many keys would measure the simulated KV. */
const KEYS = 8;

export interface GatewayParts {
  side: SideName;
  /** `sampling.ratio` of its policy. */
  ratio: number;
  bundle: Bundle;
  upstream: Upstream;
  otlpEndpoint: string;
  limiter: LimiterName;
  textOf(request: number): string;
}

export interface KeyedGateway {
  gateway: RunningWorker;
  target: Target;
}

/** Every text is outside the share: it is authenticated, counted, tokenized, decided and sent to the origin. */
export async function startKeyedGateway(
  workspace: Workspace,
  opened: EdgePackage,
  { side, ratio, bundle, upstream, otlpEndpoint, limiter, textOf }: GatewayParts,
): Promise<KeyedGateway> {
  const name = side.replaceAll(/\W+/g, " ");
  const stored = await step(`publishing the package: ${side}`, () =>
    storePackage(join(workspace.folder, name.replaceAll(" ", "-"), "stored"), opened),
  );
  const wanted = { name: "bench", scopes: ["classify"], expiresAt: null, limits: { rate: "large" as const } };
  const keys = await withLocalKv("KEYS", stored.persistFolder, async (kv) => {
    const made: string[] = [];
    while (made.length < KEYS) made.push((await createKey(kv, wanted, new Date())).key);
    return made;
  });
  const policy = { edge: { share: 0 }, sampling: { ratio } };
  const settings = { name, bundle, stored, originUrl: upstream.originUrl, policy, otlpEndpoint };
  const access = { credentials: newCredentials(), registry: REGISTRY, variables: { LIMITER: limiter } };
  const gateway = await step(`starting and loading its model: ${side}`, async () => {
    const started = await startGateway(workspace, { ...settings, ...access });
    await edgeReady(started);
    await edgeReady(started, { [WITHOUT_LEDGER_HEADER]: "" });
    return started;
  });
  const target: Target = {
    url: `${gateway.url}/v1/classify`,
    headers: (request) => ({ authorization: `Bearer ${keys[request % KEYS]}` }),
    body: (request) => JSON.stringify({ inputs: textOf(request) }),
    processGroup: gateway.pid,
  };
  return { gateway, target };
}

/** The same isolate's other gateway. */
export function withoutLedger(target: Target): Target {
  return { ...target, headers: (request) => ({ ...target.headers(request), [WITHOUT_LEDGER_HEADER]: "" }) };
}
