/** Folders that the reference implementation signed, and folders that Spillway signed. */
import { generateKeyPairSync } from "node:crypto";
import { appendFile, cp, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hashFile } from "../../../../../../tools/spillway/model/hash-file.ts";
import { hashFolder, signFolder, verifyFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { signBundle } from "../../../../../../tools/spillway/model/sign/sign-bundle.ts";
import { fuzzRuns } from "../../../../../support/fuzz.ts";
import { fill } from "./fill.ts";
import { readVector, VECTORS } from "./vectors.ts";

const made = { p256: readVector("made/p256.pub.pem"), p384: readVector("made/p384.pub.pem") };
const releaseKey = readVector("releases/signing-key-pub.pem");
const { privateKey, publicKey } = generateKeyPairSync("ec", {
  namedCurve: "prime256v1",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

let scratch: string;
let folder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-sign-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "model-"));
});

describe("folders of the reference implementation", () => {
  it.each(["p256", "p384"] as const)("made/%s verifies, without the files that its signer left out", async (curve) => {
    const { files, ignorePaths } = await verifyFolder(join(VECTORS, "made", curve), made[curve]);
    const names = ["a.txt", "a/b.txt", "config.json", "empty.bin", "nested/deep/weights 1.bin"];
    expect(files.map(({ name }) => name)).toEqual(names);
    expect(ignorePaths).toContain("notes.md");
  });

  it("of release 1.1.0 verify as they are", async () => {
    const { files } = await verifyFolder(join(VECTORS, "releases/v1.1.0-elliptic-key"), releaseKey);
    expect(files.map(({ name }) => name)).toEqual(["signme-1", "signme-2"]);
  });

  it("of release 1.0.1, which did not record ignored paths, verify without the ignored file", async () => {
    await cp(join(VECTORS, "releases/v1.0.1-elliptic-key"), folder, { recursive: true });
    await expect(verifyFolder(folder, releaseKey)).rejects.toThrow(/ignore-me is not in the signature/);
    await rm(join(folder, "ignore-me"));
    expect((await verifyFolder(folder, releaseKey)).files).toHaveLength(2);
  });

  it.each(["v0.3.1", "v1.0.0"])("of release %s, which signed a single file, are refused", async (version) => {
    const signing = verifyFolder(join(VECTORS, `releases/${version}-elliptic-key`), releaseKey);
    await expect(signing).rejects.toMatchObject({ reason: "resource-name" });
  });
});

describe("signFolder", () => {
  it("makes signatures that verify, for any files", async () => {
    const part = fc
      .array(fc.constantFrom(..."aBz09 ._-+äß😀"), { minLength: 1, maxLength: 6 })
      .map((characters) => characters.join(""))
      .filter((name) => name !== "." && name !== "..");
    const file = fc.record({ top: part, below: fc.array(part, { maxLength: 2 }), content: fc.uint8Array() });
    const files = fc.uniqueArray(file, { selector: ({ top }) => top.toLowerCase(), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(files, async (found) => {
        folder = await mkdtemp(join(scratch, "random-"));
        const paths = found.map(({ top, below }) => [top, ...below].join("/"));
        await fill(folder, Object.fromEntries(found.map(({ content }, at) => [paths[at] ?? "", content])));
        await signFolder(folder, privateKey);
        const { resources } = await verifyFolder(folder, publicKey);
        expect(resources.map(({ name }) => name).toSorted()).toEqual(paths.toSorted());
        const victim = join(folder, paths[0] ?? "");
        await appendFile(victim, "x");
        await expect(verifyFolder(folder, publicKey)).rejects.toThrow(victim);
      }),
      fuzzRuns(15),
    );
  });

  it("leaves out git's files at the top and its own bundle, and nothing else", async () => {
    const inner = ["sub/.git/config", "sub/.gitignore", "sub/model.sig", ".gitmodules"];
    const outer = [".git/config", ".gitattributes", ".github/workflows/x.yml", ".gitignore"];
    await fill(folder, Object.fromEntries([...inner, ...outer, "a"].map((name) => [name, name])));
    await signFolder(folder, privateKey);
    const { resources, ignorePaths } = await verifyFolder(folder, publicKey);
    expect(resources.map(({ name }) => name)).toEqual([...inner, "a"].toSorted());
    expect(ignorePaths).toEqual(["model.sig", ".git", ".gitattributes", ".github", ".gitignore"]);
    await fill(folder, { ".git/config": "changed" });
    await verifyFolder(folder, publicKey);
  });

  it("never leaves out a listed file, whatever the paths to ignore are", async () => {
    await fill(folder, { ".github/a": "a", "cache/b": "b" });
    const listed = await Promise.all([".github/a", "cache/b"].map((name) => hashFile(folder, name)));
    const model = { modelName: "m", resources: listed, ignorePaths: ["cache"] };
    await writeFile(join(folder, "model.sig"), await signBundle(model, privateKey));
    expect((await verifyFolder(folder, publicKey)).files).toEqual(listed);
    for (const { name } of listed) {
      await appendFile(join(folder, name), "x");
      await expect(verifyFolder(folder, publicKey)).rejects.toThrow(`${name} was changed`);
      await writeFile(join(folder, name), name.slice(-1));
    }
    await fill(folder, { "cache/extra": "" });
    await expect(verifyFolder(folder, publicKey)).rejects.toThrow(/cache\/extra is not in the signature/);
  });

  it("replaces an older signature, and leaves no other file behind", async () => {
    await fill(folder, { a: "1" });
    await signFolder(folder, privateKey);
    await fill(folder, { a: "2" });
    await signFolder(folder, privateKey);
    await verifyFolder(folder, publicKey);
    expect(await readdir(folder)).toEqual(["a", "model.sig"]);
  });

  it("keeps the older signature if it cannot sign", async () => {
    await fill(folder, { a: "1" });
    await signFolder(folder, privateKey);
    await expect(signFolder(folder, "no key")).rejects.toMatchObject({ reason: "key-unreadable" });
    await verifyFolder(folder, publicKey);
    expect(await readdir(folder)).toEqual(["a", "model.sig"]);
  });

  it("refuses an empty folder, a symbolic link, and a name that has no canonical form", async () => {
    await expect(signFolder(folder, privateKey)).rejects.toThrow(/has no files to sign/);
    await symlink("/etc/hostname", join(folder, "link"));
    await expect(signFolder(folder, privateKey)).rejects.toThrow(/link is a symbolic link/);
    await rm(join(folder, "link"));
    await fill(folder, { "a\\b": "" });
    await expect(signFolder(folder, privateKey)).rejects.toMatchObject({ reason: "resource-name" });
    await rm(join(folder, "a\\b"));
    await writeFile(Buffer.from([...Buffer.from(`${folder}/`), 0xff]), "");
    await expect(signFolder(folder, privateKey)).rejects.toThrow(/is not UTF-8; rename it/);
  });

  it("hashes files larger than one chunk", async () => {
    await fill(folder, { zeros: new Uint8Array(2 ** 20 + 1) });
    expect(await hashFolder(folder)).toEqual([
      {
        name: "zeros",
        sizeBytes: 1_048_577,
        sha256: "2cb74edba754a81d121c9db6833704a8e7d417e5b13d1a19f4a52f007d644264",
      },
    ]);
  });
});
