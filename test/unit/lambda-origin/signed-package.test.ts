/** Which packages the origin trusts. Any other is not loaded, and the reason is one line. */
import { cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { ModelStatement, Resource } from "../../../formats/signature/statement.ts";
import { loadTokenizer } from "../../../formats/tokenizer/load-tokenizer.ts";
import { createInference } from "../../../lambda-origin/infer.ts";
import { loadModel } from "../../../lambda-origin/model.ts";
import type { PackageSettings } from "../../../lambda-origin/signed-package.ts";
import { hashFolder, signFolder } from "../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../tools/spillway/model/sign/keys.ts";
import { signBundle } from "../../../tools/spillway/model/sign/sign-bundle.ts";
import { type TinyPackage, writeTinyPackage } from "../../support/model-package.ts";

vi.mock("node:fs/promises", { spy: true });
vi.mock("../../../lambda-origin/infer.ts", { spy: true });
vi.mock("../../../formats/tokenizer/load-tokenizer.ts", { spy: true });

const owner = generateKeyPair();
const stranger = generateKeyPair();
let scratch: string;
let tiny: TinyPackage;
let folder: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-signed-"));
  tiny = await writeTinyPackage(join(scratch, "good"));
  await signFolder(tiny.folder, owner.privateKey);
});
afterAll(() => rm(scratch, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "package-"));
  await cp(tiny.folder, folder, { recursive: true });
  vi.clearAllMocks();
});

const path = (file: string) => join(folder, file);
const load = (source: Partial<PackageSettings> = {}) => loadModel({ folder, publicKeyPem: owner.publicKey, ...source });

/** Why the origin refused. It must not have made a tokenizer or a session from the refused package. */
async function refusal(source: Partial<PackageSettings> = {}): Promise<string> {
  const loaded = await load(source);
  expect(loadTokenizer).not.toHaveBeenCalled();
  expect(createInference).not.toHaveBeenCalled();
  if (loaded.ok) throw new Error("the origin loaded a package that it should have refused");
  return loaded.reason;
}

/** Signs a changed list of the folder's files with the owner's key. */
async function signChanged(bend: (resources: Resource[]) => Resource[], ignorePaths: string[] = []): Promise<void> {
  const statement: ModelStatement = { modelName: "tiny", resources: bend(await hashFolder(folder)), ignorePaths };
  await writeFile(path("model.sig"), await signBundle(statement, owner.privateKey));
}

describe("a package that the pinned key signed", () => {
  it("runs, and its id contains the signed manifest's digest", async () => {
    expect(await load()).toMatchObject({ ok: true, model: { id: tiny.modelId } });
  });

  it("runs with its signature in another folder", async () => {
    const signatureFile = join(scratch, "elsewhere.sig");
    await rename(path("model.sig"), signatureFile);
    expect(await load({ signatureFile })).toMatchObject({ ok: true });
  });

  it.each([
    ["spaces", " "],
    ["the two characters \\n", "\\n"],
    ["carriage returns and newlines", "\r\n"],
  ])("runs with a key whose newlines became %s", async (_, newline) => {
    expect(await load({ publicKeyPem: owner.publicKey.replaceAll("\n", newline) })).toMatchObject({ ok: true });
  });

  it("runs without the edge's file, and without a file that neither side runs", async () => {
    await writeFile(path("README.md"), "signed, then left out of the artifact");
    await signFolder(folder, owner.privateKey);
    await rm(path("README.md"));
    await rm(path("edge.ort"));
    expect(await load()).toMatchObject({ ok: true, model: { id: tiny.modelId } });
  });

  it("runs from a folder with files that the signature does not cover: git's files, and paths that the owner ignored", async () => {
    await writeFile(path(".gitattributes"), "*.onnx filter=lfs");
    await signChanged((resources) => resources, ["notes"]);
    await writeFile(path("notes"), "");
    expect(await load()).toMatchObject({ ok: true });
  });

  it("has each file read once, and the edge's file not at all", async () => {
    await load();
    const reads = vi.mocked(readFile).mock.calls.map(([file]) => file);
    const used = ["model.sig", "manifest.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"];
    expect(reads.sort()).toEqual(used.map(path).sort());
  });
});

describe("a flipped bit", () => {
  const files: [string, RegExp][] = [
    ["model.onnx", /^model\.onnx has SHA-256/],
    ["tokenizer.json", /^tokenizer\.json has SHA-256/],
    ["tokenizer_config.json", /^tokenizer_config\.json has SHA-256/],
    ["manifest.json", /^manifest\.json has SHA-256/],
    ["model.sig", /^signature: (bundle-unreadable|signature-invalid|wrong-key|media-type|payload-type): /],
  ];
  const cases = files.flatMap(([file, reason]) => [0, 0.25, 0.5, 0.75, 1].map((part) => ({ file, part, reason })));

  it.each(cases)("in $file at $part of its length: no model", async ({ file, part, reason }) => {
    const bytes = await readFile(path(file));
    // The bundle ends in a newline, and white space around JSON has no meaning.
    const at = Math.floor(part * (bytes.length - 2));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path(file), bytes);
    expect(await refusal()).toMatch(reason);
  });
});

describe("the model is not loaded", () => {
  it("from an unsigned package", async () => {
    await rm(path("model.sig"));
    expect(await refusal()).toMatch(/^model\.sig cannot be read .*: sign the package with spillway model sign$/);
  });

  it.each([undefined, ""])("if no key is pinned (%j)", async (publicKeyPem) => {
    expect(await refusal({ publicKeyPem })).toMatch(/^MODEL_PUBLIC_KEY is not set/);
  });

  it("if the pinned text is not a key, or the private key; and the reason does not quote it", async () => {
    expect(await refusal({ publicKeyPem: "hunter2" })).toMatch(/^signature: key-unreadable: /);
    const reason = await refusal({ publicKeyPem: owner.privateKey });
    expect(reason).toMatch(/^signature: key-unreadable: .*private key/);
    for (const line of owner.privateKey.split("\n").slice(1, 3)) expect(reason).not.toContain(line);
  });

  it("if it is signed with another key", async () => {
    expect(await refusal({ publicKeyPem: stranger.publicKey })).toMatch(/^signature: wrong-key: /);
    await signFolder(folder, stranger.privateKey);
    expect(await refusal()).toMatch(/^signature: wrong-key: /);
  });

  it("if it is signed with another key and its bundle names the pinned one", async () => {
    const ours = await readFile(path("model.sig"), "utf8");
    await signFolder(folder, stranger.privateKey);
    const theirs = JSON.parse(await readFile(path("model.sig"), "utf8"));
    const { verificationMaterial } = JSON.parse(ours);
    await writeFile(path("model.sig"), JSON.stringify({ ...theirs, verificationMaterial }));
    expect(await refusal()).toMatch(/^signature: signature-invalid: /);
  });

  it("if its bundle was truncated", async () => {
    await writeFile(path("model.sig"), (await readFile(path("model.sig"))).subarray(0, -20));
    expect(await refusal()).toMatch(/^signature: bundle-unreadable: /);
  });
});

describe("the model is not loaded if folder, signature and manifest differ:", () => {
  it("the manifest is not in the signature", async () => {
    await signChanged((resources) => resources.filter(({ name }) => name !== "manifest.json"));
    expect(await refusal()).toMatch(/^manifest\.json has SHA-256 [0-9a-f]{64}; the signature lists none$/);
  });

  it("the manifest was rewritten to match replaced files", async () => {
    await writeTinyPackage(folder, { bend: (manifest) => ({ ...manifest, labels: ["spam", "ham"] }) });
    expect(await refusal()).toMatch(/^manifest\.json has SHA-256/);
  });

  it.each(["model.onnx", "tokenizer.json", "tokenizer_config.json", "edge.ort"])("the digest of %s", async (file) => {
    const bent = (resource: Resource) => (resource.name === file ? { ...resource, sha256: "0".repeat(64) } : resource);
    await signChanged((resources) => resources.map(bent));
    expect(await refusal()).toMatch(`${file} is signed with another digest`);
  });

  it("a file that the signature does not list", async () => {
    await signChanged((resources) => resources.filter(({ name }) => name !== "model.onnx"));
    expect(await refusal()).toMatch("model.onnx is not in the signature");
  });

  it.each(["model.onnx", "tokenizer.json", "tokenizer_config.json"])("%s is missing", async (file) => {
    await rm(path(file));
    expect(await refusal()).toMatch(`${file} is missing`);
  });

  it("the manifest is missing", async () => {
    await rm(path("manifest.json"));
    expect(await refusal()).toMatch(/^manifest\.json cannot be read .*: deploy the complete package$/);
  });

  it.each(["extra.bin", ".hidden", "model.sig2", "sub/model.sig"])("a file %s that is not signed", async (file) => {
    await cp(path("edge.ort"), path(file));
    expect(await refusal()).toMatch(`${file} is not in the signature`);
  });

  it("a link in place of a signed file", async () => {
    const elsewhere = join(scratch, "elsewhere.onnx");
    await rename(path("model.onnx"), elsewhere);
    await symlink(elsewhere, path("model.onnx"));
    expect(await refusal()).toMatch("model.onnx is a symbolic link");
  });
});

describe("nothing is parsed before its digest was found in the signature", () => {
  const hostile = "{".repeat(100);

  it.each(["tokenizer.json", "tokenizer_config.json"])("not %s", async (file) => {
    const { length } = await readFile(path(file));
    await writeFile(path(file), hostile.repeat(length).slice(0, length));
    expect(await refusal()).toMatch(`${file} has SHA-256`);
  });

  it("not the manifest", async () => {
    await writeFile(path("manifest.json"), hostile);
    expect(await refusal()).toMatch(/^manifest\.json has SHA-256/);
  });
});
