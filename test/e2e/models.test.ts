/** A model's way into a running system: signed, published, rolled out and back by policy edits, and refused when tampered with. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shortModelId } from "../../formats/model-package/names.ts";
import { spillway } from "./support/spillway.ts";
import { classify, type Running, start, until, wrangler } from "./support/system.ts";
import { rootOf } from "./support/traces.ts";

const SHORT = "WIN a free prize now, click here";

let system: Running;
let folder: string;
let signingKey: string;
beforeAll(async () => {
  system = await start();
  signingKey = join(system.stateFolder, "local-signing.pem");
  folder = await mkdtemp(join(tmpdir(), "spillway-models-"));
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The mail tagger again, as another version: another manifest, so another digest. */
async function mailTaggerOfVersion(version: number): Promise<string> {
  const copy = join(folder, `version-${version}`);
  await cp("models/mail-tagger", copy, { recursive: true });
  const manifestFile = join(copy, "manifest.json");
  const manifest = JSON.parse(await readFile(manifestFile, "utf8"));
  await writeFile(manifestFile, JSON.stringify({ ...manifest, version }, null, 2));
  return copy;
}

async function setPolicy(policy: object): Promise<void> {
  await wrangler(system, "kv", "key", "put", "policy", JSON.stringify(policy), "--binding", "POLICIES");
}

const edgeState = async () => (await (await fetch(`${system.gateway}/readyz`)).json()).edge;

describe("a new version of the model", () => {
  it("is rolled out and back by policy edits while every request is answered", async () => {
    const before = (await classify(system, SHORT)).headers.get("x-spillway-model");
    const copy = await mailTaggerOfVersion(2);
    await spillway(system, "model", "sign", copy, "--key", signingKey);
    const modelId = await spillway(system, "model", "publish", copy, "--local");
    expect(modelId).toMatch(/^mail-tagger@[0-9a-f]{64}$/);
    expect(shortModelId(modelId)).not.toBe(before);

    await setPolicy({ version: 1, model: modelId });
    await answeredAtTheEdgeBy(shortModelId(modelId));
    await setPolicy({ version: 2 });
    await answeredAtTheEdgeBy(before);
  });

  /** Asks until the edge answers with the model; each answer on the way must be a good one. */
  async function answeredAtTheEdgeBy(model: string | null): Promise<void> {
    await until(`the edge's answer by ${model}`, async () => {
      const { status, headers, body } = await classify(system, SHORT);
      expect(status).toBe(200);
      expect(body[0][0].label).toBe("spam");
      return headers.get("x-spillway-route") === "edge" && headers.get("x-spillway-model") === model;
    });
  }
});

describe("a package with a changed file", () => {
  it("never runs: requests spill, /readyz and the trace name the reason, and a mended one is taken", async () => {
    const copy = await mailTaggerOfVersion(3);
    await spillway(system, "model", "sign", copy, "--key", signingKey);
    const modelId = await spillway(system, "model", "publish", copy, "--local");
    const object = `spillway-models/models/${modelId.replace("@", "/")}/tokenizer_config.json`;
    const bent = join(folder, "bent.json");
    const good = await readFile(join(copy, "tokenizer_config.json"), "utf8");
    await writeFile(bent, good.replace("true", "tru3"));
    await wrangler(system, "r2", "object", "put", object, "--file", bent);
    await setPolicy({ version: 3, model: modelId });

    await until("the rejection", async () => (await edgeState()).state === "rejected");
    expect((await edgeState()).reason).toBe("sha256 of tokenizer_config.json");
    const spilled = await classify(system, SHORT);
    expect([spilled.status, spilled.headers.get("x-spillway-route")]).toEqual([200, "origin"]);
    expect(spilled.headers.get("x-spillway-because")).toBe("edge-unavailable");
    const root = await rootOf(system, spilled.headers.get("traceresponse"));
    expect(root.attributes["spillway.edge.problem"]).toBe("sha256 of tokenizer_config.json");

    await wrangler(system, "r2", "object", "put", object, "--file", join(copy, "tokenizer_config.json"));
    await until("the mended package", async () => (await edgeState()).state === "ready");
  });
});

describe("publishing", () => {
  it("refuses a package that is not signed, or signed with a key that the gateway does not pin", async () => {
    const copy = await mailTaggerOfVersion(4);
    await expect(spillway(system, "model", "publish", copy, "--local")).rejects.toThrow(
      /not signed.*spillway model sign/,
    );
    await spillway(system, "model", "keygen", "--out", join(folder, "other"));
    await spillway(system, "model", "sign", copy, "--key", join(folder, "other.pem"));
    await expect(spillway(system, "model", "publish", copy, "--local")).rejects.toThrow(/signed with the key/);
  });

  it("asks where to, and says in one sentence when wrangler cannot reach the account", async () => {
    const copy = await mailTaggerOfVersion(5);
    await expect(spillway(system, "model", "publish", copy)).rejects.toThrow(
      /^Pass one of --local and --remote: spillway model publish <package> --local$/,
    );
    await expect(spillway(system, "model", "publish", copy, "--remote")).rejects.toThrow(/^No key is pinned: .*keygen/);
  });
});
