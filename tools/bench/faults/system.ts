/** The running system of the bench: gateway and control plane in workerd, the local Lambda origin, an OTLP backend; each fails on command. */
import { Agent } from "node:http";
import { join } from "node:path";
import { policySchema } from "../../../policies/schema.ts";
import { POLICY_KEY } from "../../../policies/store.ts";
import { createKey } from "../../spillway/keys/repository.ts";
import { withLocalKv } from "../../spillway/kv/local-kv.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { newCredentials } from "../../start/credentials.ts";
import { bundleWorker, GATEWAY } from "../system/bundle.ts";
import { bundleControlPlane, startControlPlane } from "../system/control-plane.ts";
import { edgeReady } from "../system/edge-ready.ts";
import { type PolicyDocument, startGateway } from "../system/gateway.ts";
import { REGION } from "../system/origin.ts";
import { type EdgePackage, openPackage } from "../system/package.ts";
import type { RunningWorker } from "../system/running-worker.ts";
import { storePackage } from "../system/stored-package.ts";
import type { Workspace } from "../system/workspace.ts";
import { textsOf } from "../texts.ts";
import { type Backend, startBackend } from "./backend.ts";
import { CONTROLS_PATH, type Controls, ISOLATE_PATH, type IsolateFacts, STORES_PATH } from "./controls.ts";
import { type KnownText, knownTexts, type TextKind } from "./known-texts.ts";
import { type FaultyOrigin, startFaultyOrigin } from "./origin.ts";

const FAULTY_GATEWAY = {
  ...GATEWAY,
  entry: "tools/bench/faults/gateway-worker.ts",
};
const REGISTRY = "faults";
const WARM_INSTANCES = 4;
const KEYS = 4;
/** V8 optimizes code that runs often. */
const WARM_TEXTS = 5;

export type StoreName = "POLICIES" | "MODELS";

export interface FaultySystem {
  opened: EdgePackage;
  gateway: RunningWorker;
  origin: FaultyOrigin;
  backend: Backend;
  /** Ends the control plane, and starts it again. */
  control: { url(): URL; stop(): Promise<void>; start(): Promise<void> };
  texts: Readonly<Record<TextKind, readonly KnownText[]>>;
  /** The policy that is stored between faults. */
  policy: PolicyDocument;
  /** Headers of request n: an API key. */
  headers(request: number): Readonly<Record<string, string>>;
  /** Sets these faults of the Worker, and no others. */
  set(controls: Partial<Controls>): Promise<void>;
  facts(): Promise<IsolateFacts>;
  /** The next request meets an isolate without memory. */
  newIsolate(): Promise<void>;
  /** A new isolate without faults, whose edge answers. */
  renew(): Promise<void>;
  readStored(store: StoreName, key: string): Promise<Uint8Array<ArrayBuffer>>;
  writeStored(store: StoreName, key: string, value: string | Uint8Array<ArrayBuffer>): Promise<void>;
  deleteStored(store: StoreName, key: string): Promise<void>;
}

export interface SystemSettings {
  policy: PolicyDocument;
  /** How long a slow origin takes. */
  slowOriginMs: number;
}

/** Starts all, and runs `work`. @throws Error with one sentence if a part does not start */
export async function withFaultySystem<T>(
  workspace: Workspace,
  settings: SystemSettings,
  work: (system: FaultySystem) => Promise<T>,
): Promise<T> {
  const credentials = newCredentials();
  const opened = await openPackage({});
  const backend = await startBackend();
  const starting = step("starting the origin", () =>
    startFaultyOrigin({
      opened,
      credentials,
      region: REGION,
      warmInstances: WARM_INSTANCES,
      slowMs: settings.slowOriginMs,
    }),
  );
  const agent = new Agent({ keepAlive: true });
  try {
    const [origin, control, bundle, stored] = await Promise.all([
      starting,
      step("building and starting the control plane", () => startControl(workspace)),
      step("building the gateway", () => bundleWorker(FAULTY_GATEWAY, join(workspace.folder, "gateway"))),
      step("publishing the package", () => storePackage(join(workspace.folder, "stored"), opened)),
    ]);
    const keys = await step("creating API keys", () => createKeys(stored.persistFolder));
    const gateway = await step("starting the gateway and loading its model", async () => {
      const started = await startGateway(workspace, {
        name: "gateway",
        bundle,
        stored,
        originUrl: origin.url,
        credentials,
        // Until the right scores of long texts are known.
        policy: null,
        otlpEndpoint: backend.url,
        registry: REGISTRY,
      });
      await edgeReady(started);
      return started;
    });
    const headers = (request: number) => ({ authorization: `Bearer ${keys[request % KEYS]}` });
    const { make } = await textsOf(opened);
    const signing = { accessKeyId: credentials.AWS_ACCESS_KEY_ID, secretAccessKey: credentials.AWS_SECRET_ACCESS_KEY };
    const texts = await step("the right scores of each text, from both sides", () =>
      knownTexts({
        make,
        origin: { url: origin.url, region: REGION, ...signing },
        gateway: { url: gateway.url, agent, headers: headers(0) },
      }),
    );
    const worker = controlsOf(gateway);
    await worker.writeStored("POLICIES", POLICY_KEY, JSON.stringify(policySchema.parse(settings.policy)));
    await worker.newIsolate();
    await edgeReady(gateway);
    return await work({
      ...{ opened, gateway, origin, backend, control, texts, policy: settings.policy, headers },
      ...worker,
      renew: async () => {
        origin.fail(null);
        backend.fail(null);
        await origin.warm();
        await worker.set({});
        await worker.newIsolate();
        await edgeReady(gateway);
        for (const { body } of texts.short.slice(0, WARM_TEXTS)) {
          const request = { method: "POST", headers: { "content-type": "application/json", ...headers(0) }, body };
          await (await fetch(`${gateway.url}/v1/classify`, request)).arrayBuffer();
        }
      },
    });
  } finally {
    agent.destroy();
    await starting.then(
      (origin) => origin.stop(),
      () => {},
    );
    await backend.refuse();
  }
}

type WorkerControls = Pick<
  FaultySystem,
  "set" | "facts" | "newIsolate" | "readStored" | "writeStored" | "deleteStored"
>;

/** The Worker's own paths: gateway-worker.ts. */
function controlsOf({ url }: RunningWorker): WorkerControls {
  const call = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${url}${path}`, init);
    if (!answer.ok) throw new Error(`The bench's Worker answered ${answer.status} at ${path}.`);
    return answer;
  };
  const at = (store: StoreName, key: string) => `${STORES_PATH}?${new URLSearchParams({ store, key })}`;
  return {
    set: async (controls) => {
      await (await call(CONTROLS_PATH, { method: "PUT", body: JSON.stringify(controls) })).arrayBuffer();
    },
    facts: async () => {
      const facts: IsolateFacts = await (await call(CONTROLS_PATH)).json();
      return facts;
    },
    newIsolate: async () => void (await call(ISOLATE_PATH, { method: "POST" })),
    readStored: async (store, key) => new Uint8Array(await (await call(at(store, key))).arrayBuffer()),
    writeStored: async (store, key, value) => void (await call(at(store, key), { method: "PUT", body: value })),
    deleteStored: async (store, key) => void (await call(at(store, key), { method: "DELETE" })),
  };
}

async function startControl(workspace: Workspace): Promise<FaultySystem["control"]> {
  const bundle = await bundleControlPlane(workspace);
  let running = await startControlPlane(workspace, bundle, REGISTRY);
  return {
    url: () => new URL(running.url),
    stop: () => running.stop(),
    start: async () => {
      running = await startControlPlane(workspace, bundle, REGISTRY);
    },
  };
}

function createKeys(persistFolder: string): Promise<string[]> {
  const wanted = { name: "bench", scopes: ["classify"], expiresAt: null, limits: { rate: "large" as const } };
  return withLocalKv("KEYS", persistFolder, async (kv) => {
    const keys: string[] = [];
    while (keys.length < KEYS) keys.push((await createKey(kv, wanted, new Date())).key);
    return keys;
  });
}
