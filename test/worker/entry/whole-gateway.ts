/** The whole Worker behind its entry, with a model to load, an origin that misbehaves and a real trace backend. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { createTestHarness } from "wrangler";
import { keyText, SECRET_LENGTH } from "../../../formats/api-key.ts";
import { openToAll } from "../../../tools/process/local-settings.ts";
import { createKey, type KeysKv, type NewKey, newKey } from "../../../tools/spillway/keys/repository.ts";
import { openLocalPackage } from "../../../tools/spillway/model/local-package.ts";
import { publishPackage } from "../../../tools/spillway/model/publish/publish.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { signLocally } from "../../../tools/spillway/model/sign/local-key.ts";
import { startFaultOrigin } from "../../support/fault-origin.ts";
import { OtlpReceiver } from "../telemetry/otlp-receiver.ts";

export const CREDENTIALS = { AWS_ACCESS_KEY_ID: "AKIA0CANARY0ID", AWS_SECRET_ACCESS_KEY: "canary-secret-access-key" };

interface Bindings {
  KEYS: KVNamespace;
  POLICIES: { put(key: string, value: string): Promise<void> };
  MODELS: { put(key: string, value: Uint8Array): Promise<unknown> };
}

export interface WholeGateway {
  receiver: OtlpReceiver;
  /** With a path under the origin's address: what it has seen there. */
  origin(behaviour: string): Promise<{ calls: number; headers: Record<string, string> }>;
  /** What the deployment's own origin does from now on. */
  program(behaviour: string): Promise<void>;
  /** With these words at the beginning of its secret. */
  makeKey(words: string): Promise<NewKey>;
  /** Resolves when the isolate answers by it. */
  setPolicy(policy: object): Promise<void>;
  classify(input: string, headers?: Record<string, string>): Promise<Response>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** Resolves when the edge is warm. */
export async function startWholeGateway(): Promise<WholeGateway> {
  const receiver = new OtlpReceiver();
  const origin = await startFaultOrigin();
  const opened = await openLocalPackage(fileURLToPath(new URL("../../../models/mail-tagger", import.meta.url).href));
  const { privateKey, publicKey } = generateKeyPair();
  const signed = await signLocally(opened, { privateKeyPem: privateKey, publicKeyPem: publicKey });
  const harness = createTestHarness({
    workers: [
      {
        configPath: new URL("../../../wrangler.toml", import.meta.url),
        vars: {
          ...openToAll,
          MODEL: signed.modelId,
          MODEL_PUBLIC_KEY: publicKey,
          ORIGIN_URL: `${origin.url}programmed?own`,
          OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.listen(),
          ...CREDENTIALS,
        },
      },
    ],
  });
  const { url } = await harness.listen();
  const { POLICIES, KEYS, MODELS } = await harness.getWorker<Bindings>().getEnv();
  await publishPackage(signed, {
    put: async (key, bytes) => void (await MODELS.put(key, bytes)),
  });
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, url), init);
  const classify = (input: string, headers: Record<string, string> = {}) =>
    ask("/v1/classify", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ inputs: input }),
    });
  await vi.waitFor(async () => {
    const { edge }: { edge: { state: string } } = await (await ask("/readyz")).json();
    if (edge.state !== "ready") throw new Error(`the edge is ${edge.state}`);
  }, 30_000);
  let version = 0;
  return {
    receiver,
    origin: async (behaviour) => (await fetch(`${origin.url}${behaviour}`)).json(),
    makeKey: (words) => {
      const { id, key: random } = newKey();
      const key = keyText(id, (words + random.slice(-SECRET_LENGTH)).slice(0, SECRET_LENGTH));
      const made = { id, key, sha256: createHash("sha256").update(key).digest("hex") };
      const kv: Pick<KeysKv, "get" | "put"> = {
        get: (name) => KEYS.get(name),
        put: (name, text) => KEYS.put(name, text),
      };
      return createKey(kv, { name: "a test", scopes: ["classify"], expiresAt: null }, new Date(), () => made);
    },
    program: async (behaviour) => void (await fetch(`${origin.url}programmed?own`, { method: "PUT", body: behaviour })),
    setPolicy: async (policy) => {
      version += 1;
      await POLICIES.put("policy", JSON.stringify({ version, ...policy }));
      // A probe reads the policy as requests do, and leaves no trace.
      await vi.waitFor(async () => {
        const { policy }: { policy: { version: number } } = await (await ask("/readyz")).json();
        if (policy.version !== version) throw new Error(`version ${policy.version} is in force`);
      }, 15_000);
    },
    classify,
    fetch: ask,
    close: async () => {
      await harness.close();
      await receiver.close();
      origin.server.closeAllConnections();
      origin.server.close();
    },
  };
}
