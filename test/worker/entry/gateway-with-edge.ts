/** The whole Worker behind its own entry, with the mail tagger in its bucket and signed, and any policy. */
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";
import { manifestSchema } from "../../../formats/model-package/manifest.ts";
import { BUNDLE_FILE, MANIFEST_FILE, modelIdOf, objectKey } from "../../../formats/model-package/names.ts";
import { sha256Hex } from "../../../formats/sha256.ts";
import { openToAll } from "../../../tools/process/local-settings.ts";
import { signBundle } from "../../../tools/spillway/model/sign/sign-bundle.ts";

export interface GatewayWithEdge {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  setPolicy(policy: string): Promise<void>;
  close(): Promise<void>;
}

const PACKAGE = fileURLToPath(new URL("../../../models/mail-tagger/", import.meta.url).href);

export async function startGatewayWithEdge(vars: Record<string, string>, policy: object): Promise<GatewayWithEdge> {
  const signing = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const manifestBytes = await readFile(`${PACKAGE}${MANIFEST_FILE}`);
  const { name, tokenizer, edge, files } = manifestSchema.parse(JSON.parse(manifestBytes.toString("utf8")));
  if (edge === null) throw new Error("the mail tagger is packed for the edge");
  const sha256 = sha256Hex(manifestBytes);
  const modelId = modelIdOf(name, sha256);
  const harness = createTestHarness({
    workers: [
      {
        configPath: new URL("../../../wrangler.toml", import.meta.url),
        vars: {
          ...openToAll,
          MODEL: modelId,
          MODEL_PUBLIC_KEY: signing.publicKey,
          AWS_ACCESS_KEY_ID: "id",
          AWS_SECRET_ACCESS_KEY: "secret",
          ...vars,
        },
      },
    ],
  });
  const { url } = await harness.listen();
  const { POLICIES, MODELS } = await harness.getWorker<{ POLICIES: KVNamespace; MODELS: R2Bucket }>().getEnv();
  const setPolicy = (text: string) => POLICIES.put("policy", text);
  await setPolicy(JSON.stringify(policy));
  for (const file of [tokenizer.file, tokenizer.configFile, edge.file, MANIFEST_FILE]) {
    await MODELS.put(objectKey(modelId, file), new Uint8Array(await readFile(PACKAGE + file)));
  }
  const resources = [...files, { name: MANIFEST_FILE, sha256 }]
    .map(({ name, sha256 }) => ({ name, sha256 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const bundle = await signBundle({ modelName: name, resources, ignorePaths: [BUNDLE_FILE] }, signing.privateKey);
  await MODELS.put(objectKey(modelId, BUNDLE_FILE), bundle);
  return {
    fetch: (path, init) => fetch(new URL(path, url), init),
    setPolicy,
    close: () => harness.close(),
  };
}
