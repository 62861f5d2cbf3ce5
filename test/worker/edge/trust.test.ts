/** Which packages the edge trusts, in workerd on a real R2. For any other, the edge is off and reports the reason. */
import { env } from "cloudflare:workers";
import { generateKeyPairSync } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { objectKey } from "../../../formats/model-package/names.ts";
import type { EdgeEngine } from "../../../gateway/edge/engine.ts";
import tagger from "../../../models/mail-tagger/manifest.json";
import { defaultPolicy } from "../../../policies/parse.ts";
import { anEdge, type EdgeParts, run, tokens, warmed } from "../support/isolate.ts";
import { mailTaggerManifest, publish, rewrite, sign, tamper } from "../support/packages.ts";

const WEIGHTS = tagger.edge.file;

let modelId: string;
beforeEach(async () => {
  modelId = await publish();
});

const key = (file: string) => objectKey(modelId, file);

/** An engine that must not be used: no part of a package runs before all of it is verified. */
function countingEngine() {
  const seen = { executed: 0 };
  const engine: EdgeEngine = {
    discard: () => {},
    uncollectedBytes: () => 0,
    load: async (_, stream) => {
      await stream(() => {});
      seen.executed += 1;
      throw new Error("a package that should have been refused was about to be executed");
    },
  };
  return { seen, engine };
}

async function refusal(parts: EdgeParts = {}): Promise<string | null> {
  const { seen, engine } = countingEngine();
  const edge = await warmed(anEdge(modelId, { engine, ...parts }));
  expect(seen.executed).toBe(0);
  expect(edge.status().state).toBe("rejected");
  expect(edge.conditions().model).toBe("rejected");
  return edge.status().reason;
}

describe("a flipped bit", () => {
  let sizes: Record<string, number>;
  beforeAll(async () => {
    const { files } = await mailTaggerManifest();
    sizes = Object.fromEntries(files.map(({ name, sizeBytes }) => [name, sizeBytes]));
  });

  const files: [string, RegExp][] = [
    [WEIGHTS, new RegExp(`^sha256 of ${WEIGHTS}$`)],
    ["tokenizer.json", /^sha256 of tokenizer.json$/],
    ["tokenizer_config.json", /^sha256 of tokenizer_config.json$/],
    ["manifest.json", /^sha256 of manifest.json$/],
    ["model.sig", /^signature: (bundle-unreadable|signature-invalid|wrong-key|media-type|payload-type)$/],
  ];
  const offsets: [string, (sizeBytes: number) => number][] = [
    ["the first byte", () => 0],
    ["a quarter in", (sizeBytes) => sizeBytes >> 2],
    ["the middle", (sizeBytes) => sizeBytes >> 1],
    ["three quarters in", (sizeBytes) => (3 * sizeBytes) >> 2],
    ["the last byte but one", (sizeBytes) => sizeBytes - 2],
  ];
  const cases = files.flatMap(([file, reason]) => offsets.map(([where, at]) => ({ file, where, at, reason })));

  it.each(cases)("in $file, $where: the edge is off", async ({ file, at, reason }) => {
    const stored = await env.MODELS.head(key(file));
    await tamper(modelId, file, at(sizes[file] ?? stored?.size ?? 0));
    expect(await refusal()).toMatch(reason);
  });
});

describe("if the stored package is not the signed one", () => {
  const cut = (bytes: Uint8Array) => bytes.slice(0, -1);
  const longer = (bytes: Uint8Array) => new Uint8Array([...bytes, 10]);
  const cases: [string, () => Promise<unknown>, string | RegExp][] = [
    ["weights that are one byte short", () => rewrite(modelId, WEIGHTS, cut), `size of ${WEIGHTS}`],
    ["a tokenizer with one more byte", () => rewrite(modelId, "tokenizer.json", longer), "size of tokenizer.json"],
    ["a truncated manifest", () => rewrite(modelId, "manifest.json", cut), "sha256 of manifest.json"],
    [
      "a truncated bundle",
      () => rewrite(modelId, "model.sig", (bytes) => bytes.slice(0, -10)),
      /^signature: bundle-unreadable$/,
    ],
    ["missing weights", () => env.MODELS.delete(key(WEIGHTS)), `${WEIGHTS} is missing`],
    ["a missing tokenizer", () => env.MODELS.delete(key("tokenizer.json")), "tokenizer.json is missing"],
    ["a missing manifest", () => env.MODELS.delete(key("manifest.json")), "manifest.json is missing"],
    ["no signature", () => env.MODELS.delete(key("model.sig")), "model.sig is missing"],
    ["an extra file", () => env.MODELS.put(key("extra.bin"), "x"), "extra.bin is not in the signature"],
    ["a replaced origin file", () => env.MODELS.put(key("origin.onnx"), "x"), "size of origin.onnx"],
    [
      "a file that was signed with another digest",
      async () => {
        const { files } = await mailTaggerManifest();
        const others = files.map((file) => (file.name === WEIGHTS ? { ...file, sha256: "0".repeat(64) } : file));
        await sign(modelId, [...others, { name: "manifest.json", sha256: modelId.split("@")[1] ?? "" }]);
      },
      `${WEIGHTS} is signed with another digest`,
    ],
  ];
  it.each(cases)("%s: the edge is off", async (_, bend, reason) => {
    await bend();
    expect(await refusal()).toMatch(reason);
  });

  it("another signed package under this id: the edge is off", async () => {
    const other = await publish((manifest) => {
      manifest.version = 99;
    });
    for (const file of ["manifest.json", "model.sig"]) {
      const stored = await env.MODELS.get(objectKey(other, file));
      await env.MODELS.put(key(file), (await stored?.arrayBuffer()) ?? "");
    }
    expect(await refusal()).toBe("manifest-digest");
  });

  it("a copy of the package under another name: the edge is off", async () => {
    const copy = modelId.replace(/^[^@]+/, "safer-model");
    const folder = objectKey(modelId, "");
    const { objects } = await env.MODELS.list({ prefix: folder });
    for (const { key } of objects) {
      const stored = await env.MODELS.get(key);
      await env.MODELS.put(objectKey(copy, key.slice(folder.length)), (await stored?.arrayBuffer()) ?? "");
    }
    modelId = copy;
    expect(await refusal()).toBe("the package is named mail-tagger");
  });

  it("a signed manifest that cannot be read: the edge is off", async () => {
    modelId = await publish((manifest) => {
      Object.assign(manifest, { format: "spillway-model/99" });
    });
    expect(await refusal()).toBe("manifest-unreadable");
  });

  it("a package for the origin only: the edge is off", async () => {
    modelId = await publish((manifest) => {
      Object.assign(manifest, { edge: null });
    });
    expect(await refusal()).toBe("packed for the origin only");
  });

  it("a model that computes other logits than its package lists is never ready", async () => {
    modelId = await publish(({ edge }) => {
      const golden = edge.golden[0];
      if (golden?.logits[0] !== undefined) golden.logits[0] += 2 * edge.goldenTolerance;
    });
    const edge = await warmed(anEdge(modelId));
    expect(edge.status()).toMatchObject({ state: "rejected", reason: "golden-logits" });
  });
});

describe("if the pinned key", () => {
  it("is another one: the edge is off", async () => {
    const { publicKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    expect(await refusal({ publicKeyPem: publicKey })).toBe("signature: wrong-key");
  });

  it.each([
    ["is missing", "", "no public key is pinned"],
    ["cannot be read", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "signature: key-unreadable"],
  ])("%s: the edge is off", async (_, publicKeyPem, reason) => {
    expect(await refusal({ publicKeyPem })).toBe(reason);
  });
});

describe("rollback protection", () => {
  const policyOf = (minVersion: number) => ({ ...defaultPolicy(), minVersion });

  it("rejects a package below the policy's minVersion, and loads it when the policy allows it again", async () => {
    const edge = await warmed(anEdge(modelId));
    expect(edge.status().state).toBe("ready");
    const { version } = tagger;
    edge.obey(policyOf(version + 1));
    await warmed(edge);
    const reason = `version ${version} is below minVersion ${version + 1}`;
    expect(edge.status()).toMatchObject({ state: "rejected", reason });
    edge.obey(policyOf(version));
    await warmed(edge);
    expect(edge.status().state).toBe("ready");
    expect((await run(edge, tokens(edge, [2, 5, 3]))).ok).toBe(true);
  });

  it("keeps the loaded model if its version is at least minVersion", async () => {
    const edge = await warmed(anEdge(modelId));
    edge.obey(policyOf(tagger.version));
    expect(edge.status().state).toBe("ready");
  });
});
