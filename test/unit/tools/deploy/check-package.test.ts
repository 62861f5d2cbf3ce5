import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPublicKey } from "../../../../formats/signature/public-key.ts";
import { checkKey, checkPackage } from "../../../../tools/deploy/check-package.ts";
import { checkPolicy } from "../../../../tools/deploy/check-policy.ts";
import { checkPublished } from "../../../../tools/deploy/remote.ts";
import { signFolder } from "../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../tools/spillway/model/sign/keys.ts";
import { signBundle } from "../../../../tools/spillway/model/sign/sign-bundle.ts";
import { writeTinyPackage } from "../../../support/model-package.ts";
import { type FilledIn, fillIn } from "./filled-in.ts";
import { problems, warnings } from "./findings.ts";

let scratch: string;
let deployment: FilledIn;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-check-package-"));
  deployment = await fillIn(scratch);
}, 60_000);
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("the pinned key", () => {
  it("is a P-256 or P-384 public key, and not a placeholder", async () => {
    expect(await checkKey(generateKeyPair("p384").publicKey, null)).toMatchObject({ state: "ok" });
    expect(await checkKey("", null)).toMatchObject({
      state: "problem",
      message: "is not set: the gateway would trust no model",
    });
    expect(await checkKey("<the PEM text>", null)).toMatchObject({ state: "problem", message: "is a placeholder" });
    expect(await checkKey("mine", null)).toMatchObject({
      state: "problem",
      message: expect.stringContaining("is not a PEM text"),
    });
    const { privateKey } = generateKeyPair();
    const found = await checkKey(privateKey, null);
    expect(found).toMatchObject({ state: "problem", message: expect.stringContaining("it is a private key") });
    expect(JSON.stringify(found)).not.toContain(privateKey.split("\n")[1]);
  });

  it("can be two keys during a rotation, both of them valid", async () => {
    const [old, fresh] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
    expect(await checkKey(old + fresh, null)).toMatchObject({
      state: "ok",
      message: expect.stringMatching(/^has 2 keys: /),
    });
    expect(await checkKey(`${old}\nmine`, null)).toMatchObject({ state: "problem" });
  });

  it("is not the key that npm start generated on this machine", async () => {
    const { publicKey } = generateKeyPair();
    const { fingerprint } = await readPublicKey(publicKey);
    expect(await checkKey(publicKey, fingerprint)).toMatchObject({ state: "problem" });
    expect(await checkKey(publicKey, "another")).toMatchObject({ state: "ok" });
  });
});

describe("the model package", () => {
  const named = (given: object = {}) => ({
    deployed: deployment.modelId,
    policy: null,
    publicKeyPem: deployment.publicKeyPem,
    isOnnxIncluded: true,
    ...given,
  });
  const policyOf = (document: object) => checkPolicy({ text: JSON.stringify(document), source: "policy.json" }).policy;

  it("is verified if its folder is given; otherwise a warning is reported", async () => {
    expect(problems(await checkPackage(deployment.packageFolder, named()))).toEqual([]);
    expect(warnings(await checkPackage(null, named()))).toHaveLength(1);
  });

  it("is refused if another key signed it, a file was changed, or another package is named", async () => {
    const folder = join(scratch, "other");
    const { modelId } = await writeTinyPackage(folder, { bend: (same) => ({ ...same, version: 2 }) });
    expect(problems(await checkPackage(folder, named()))).toEqual([
      expect.stringMatching(/other is tiny@.*, but MODEL names tiny@/),
    ]);
    await signFolder(folder, generateKeyPair().privateKey);
    expect(problems(await checkPackage(folder, named({ deployed: modelId })))).toEqual([
      expect.stringContaining("was signed with the key"),
    ]);
    await writeFile(join(folder, "edge.ort"), "changed");
    expect(problems(await checkPackage(folder, named({ deployed: modelId })))).toEqual([
      expect.stringContaining("is not the file that was packed"),
    ]);
  });

  it("is refused if it is older than the policy's minVersion", async () => {
    const policy = policyOf({ minVersion: 2 });
    expect(problems(await checkPackage(deployment.packageFolder, named({ policy })))).toEqual([
      "model package: has version 1, but the policy's minVersion is 2",
    ]);
  });

  it("may be the policy's candidate; a candidate whose folder was not given has a warning", async () => {
    const model = `tiny@${"0".repeat(64)}`;
    const other = policyOf({ candidate: { model, share: 10 } });
    const found = await checkPackage(deployment.packageFolder, named({ policy: other }));
    expect(problems(found)).toEqual([]);
    expect(warnings(found)).toEqual([
      expect.stringContaining("the policy names tiny@000000000000, which was not verified"),
    ]);
    const policy = policyOf({ candidate: { model: deployment.modelId, share: 10 } });
    const asCandidate = await checkPackage(deployment.packageFolder, named({ policy, deployed: model }));
    expect(problems(asCandidate)).toEqual([]);
  });

  it("is verified in the bucket by its signature", async () => {
    const signature = () => readFile(join(deployment.packageFolder, "model.sig"), "utf8");
    const named = { environment: "production", modelId: deployment.modelId, publicKeyPem: deployment.publicKeyPem };
    expect(await checkPublished(named, signature)).toMatchObject({ state: "ok" });
    expect(await checkPublished({ ...named, modelId: `tiny@${"0".repeat(64)}` }, signature)).toMatchObject({
      state: "problem",
    });
    const forged = () =>
      signBundle(
        { modelName: "tiny", resources: [{ name: "a", sha256: "0".repeat(64) }], ignorePaths: [] },
        generateKeyPair().privateKey,
      );
    expect(await checkPublished(named, forged)).toMatchObject({ state: "problem" });
    expect(await checkPublished(named, () => Promise.reject(new Error("not there.")))).toMatchObject({
      state: "problem",
      message: "not there",
      next: "Run `npx spillway model publish <package> --remote --env production`.",
    });
  });
});
