/** The whole Worker behind its entry, with a signed model in its bucket, an origin that misbehaves and a real OTLP backend. */
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { keyText, SECRET_LENGTH } from "../../../formats/api-key.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { openToAll } from "../../../tools/process/local-settings.ts";
import { createKey, type KeysKv, type NewKey, newKey } from "../../../tools/spillway/keys/repository.ts";
import { openLocalPackage } from "../../../tools/spillway/model/local-package.ts";
import { publishPackage } from "../../../tools/spillway/model/publish/publish.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { signLocally } from "../../../tools/spillway/model/sign/local-key.ts";
import { CREDENTIALS } from "../../support/credentials.ts";
import { startFaultOrigin } from "../../support/fault-origin.ts";
import { CONTROL_PLANE, startWorkers } from "../support/start-workers.ts";
import { OtlpReceiver } from "../telemetry/otlp-receiver.ts";

interface Bindings {
  KEYS: KVNamespace;
  POLICIES: { put(key: string, value: string): Promise<void> };
  MODELS: { put(key: string, value: Uint8Array): Promise<unknown> };
}

export interface WholeGateway {
  receiver: OtlpReceiver;
  /** What the origin has seen at this path under its address. */
  origin(behaviour: string): Promise<{ calls: number; headers: Record<string, string> }>;
  /** What the deployment's own origin does from now on. */
  program(behaviour: string): Promise<void>;
  /** Stores an API key whose secret begins with these words. */
  makeKey(words: string): Promise<NewKey>;
  /** Stores text in the place of a policy. */
  storePolicy(text: string): Promise<void>;
  /** Resolves when the isolate uses the policy. */
  setPolicy(policy: object): Promise<void>;
  classify(inputs: unknown, headers?: Record<string, string>): Promise<Response>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** A POST of these inputs. */
export function classifyRequest(inputs: unknown, headers: Record<string, string> = {}) {
  const withType = { "content-type": "application/json", ...headers };
  return { method: "POST", headers: withType, body: JSON.stringify({ inputs }) };
}

/**
 * Resolves when the edge is ready and the policy, if there is one, is in force.
 * @param inspectorPort where V8's inspector listens; null for none
 */
export async function startWholeGateway(
  vars: Record<string, string> = {},
  policy?: object,
  inspectorPort: number | null = null,
): Promise<WholeGateway> {
  const receiver = new OtlpReceiver();
  const origin = await startFaultOrigin();
  const ownOrigin = `${origin.url}programmed?own`;
  const opened = await openLocalPackage(fileURLToPath(new URL("../../../models/mail-tagger", import.meta.url).href));
  const { privateKey, publicKey } = generateKeyPair();
  const signed = await signLocally(opened, { privateKeyPem: privateKey, publicKeyPem: publicKey });
  const variables = {
    ...openToAll,
    MODEL: signed.modelId,
    MODEL_PUBLIC_KEY: publicKey,
    ORIGIN_URL: ownOrigin,
    OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.listen(),
    ...CREDENTIALS,
    ...vars,
  };
  const workers = await startWorkers([{ config: "wrangler.toml", variables }, CONTROL_PLANE], inspectorPort);
  const url = await workers.ready;
  const { POLICIES, KEYS, MODELS } = await workers.getBindings<Bindings>();
  await publishPackage(signed, {
    put: async (key, bytes) => void (await MODELS.put(key, bytes)),
  });
  let version = 0;
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, url), init);
  // A probe reads the policy as requests do, and leaves no trace.
  const readyz = async (): Promise<{ edge: { state: string }; policy: { version: number } }> =>
    (await ask("/readyz")).json();
  const program = async (behaviour: string) => void (await fetch(ownOrigin, { method: "PUT", body: behaviour }));
  const storePolicy = (text: string) => POLICIES.put("policy", text);
  const setPolicy = async (policy: object) => {
    version += 1;
    await storePolicy(JSON.stringify({ version, ...policy }));
    await vi.waitFor(async () => expectVersion((await readyz()).policy.version, version), 15_000);
  };
  await program("ok");
  if (policy !== undefined) await setPolicy(policy);
  await vi.waitFor(async () => {
    const { edge } = await readyz();
    if (edge.state !== "ready") throw new Error(`the edge is ${edge.state}`);
  }, 30_000);
  return {
    receiver,
    program,
    storePolicy,
    setPolicy,
    fetch: ask,
    classify: (inputs, headers) => ask("/v1/classify", classifyRequest(inputs, headers)),
    origin: async (behaviour) => (await fetch(`${origin.url}${behaviour}`)).json(),
    makeKey: (words) => storeKey(KEYS, words),
    close: async () => {
      await workers.dispose();
      await receiver.close();
      origin.server.closeAllConnections();
      origin.server.close();
    },
  };
}

function expectVersion(version: number, expected: number): void {
  if (version !== expected) throw new Error(`version ${version} is in force`);
}

function storeKey(namespace: KVNamespace, words: string): Promise<NewKey> {
  const { id, key: random } = newKey();
  const key = keyText(id, (words + random.slice(-SECRET_LENGTH)).slice(0, SECRET_LENGTH));
  const kv: Pick<KeysKv, "get" | "put"> = {
    get: (name) => namespace.get(name),
    put: (name, text) => namespace.put(name, text),
  };
  const made = { id, key, sha256: sha256Hex(key) };
  return createKey(kv, { name: "a test", scopes: ["classify"], expiresAt: null }, new Date(), () => made);
}
