/** `spillway model keygen`, `sign` and `verify` as users run them, from a packed folder to a verified one. */
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { registerKeygen, registerSign, registerVerify } from "../../../../../../tools/spillway/model/sign/commands.ts";
import { writeTinyPackage } from "../../../../../support/model-package.ts";
import { VECTORS } from "./vectors.ts";

let scratch: string;
let folder: string;
let modelId: string;
const key = () => join(scratch, "spillway-signing.pem");
const publicKey = () => join(scratch, "spillway-signing.pub.pem");

/** The command's stdout. */
async function run(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  try {
    const model = new Command("model").exitOverride().configureOutput({ writeErr: () => {} });
    for (const register of [registerKeygen, registerSign, registerVerify]) register(model);
    await model.parseAsync(words, { from: "user" });
    return lines.join("\n");
  } finally {
    log.mockRestore();
  }
}

async function flipFirstByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function listOtherSizes(): Promise<void> {
  const bend = (manifest: Manifest) => ({
    ...manifest,
    files: manifest.files.map((file) => ({ ...file, sizeBytes: 1 })),
  });
  await writeTinyPackage(folder, { bend });
}

let keygenOutput: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-commands-"));
  keygenOutput = await run("keygen", "--out", scratch);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "package-"));
  ({ modelId } = await writeTinyPackage(folder));
});

describe("keygen", () => {
  it.each(["new/", "newer/team-key"])("makes the folder of --out %s", async (out) => {
    await run("keygen", "--out", join(scratch, out));
    const made = await readdir(join(scratch, out.split("/", 1)[0] ?? ""));
    const name = out.endsWith("/") ? "spillway-signing" : "team-key";
    expect(made.sort()).toEqual([`${name}.pem`, `${name}.pub.pem`]);
  });

  it("prints the public key's path, its fingerprint and the next step, and nothing of the private key", async () => {
    expect(keygenOutput).toContain(publicKey());
    expect(keygenOutput).toMatch(/fingerprint {2}[0-9a-f]{64}\n/);
    expect(keygenOutput).toContain(`spillway model sign <package> --key ${key()}`);
    const secret = (await readFile(key(), "utf8")).split("\n").filter((line) => line && !line.startsWith("-----"));
    for (const line of secret) expect(keygenOutput).not.toContain(line);
  });

  it("accepts a prefix and a curve, and refuses other curves", async () => {
    await run("keygen", "--out", join(scratch, "other"), "--curve", "p384");
    expect(await readFile(join(scratch, "other.pub.pem"), "utf8")).toMatch(/^-----BEGIN PUBLIC KEY-----\nMHYw/);
    await expect(run("keygen", "--curve", "p521")).rejects.toThrow(/Allowed choices are p256, p384/);
  });
});

describe("sign and verify", () => {
  it("name the package by its digest, the number of files and the key", async () => {
    const short = `tiny@${modelId.slice(5, 17)}`;
    expect(await run("sign", folder, "--key", key())).toBe(`signed ${short}, 5 files`);
    const fingerprint = /fingerprint {2}(.*)/.exec(keygenOutput)?.[1];
    expect(await run("verify", folder, "--key", publicKey())).toBe(
      `verified ${short}, 5 files, signed with the key ${fingerprint}`,
    );
  });

  it("verify a folder that the reference implementation signed, by its name", async () => {
    const made = join(VECTORS, "made");
    expect(await run("verify", join(made, "p384"), "--key", join(made, "p384.pub.pem"))).toMatch(
      /^verified p384, 5 files/,
    );
  });

  it("refuse a folder that is not a package", async () => {
    await cp(join(VECTORS, "made/p256"), folder, { recursive: true });
    await rm(join(folder, "manifest.json"));
    await expect(run("sign", folder, "--key", key())).rejects.toThrow(
      /manifest\.json is missing: pack the model again with spillway model pack, /,
    );
    await writeFile(join(folder, "manifest.json"), '{"manifest_version": 3}');
    await expect(run("sign", folder, "--key", key())).rejects.toThrow(/manifest\.json is not a model manifest \(/);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ["a file with other bytes", () => flipFirstByte(join(folder, "edge.ort")), /edge\.ort is not the file that was/],
    [
      "a wrong size in its manifest",
      () => listOtherSizes(),
      /edge\.ort is not the file .*\(\d+ bytes, but the manifest lists 1\)/,
    ],
    ["a longer file", () => appendFile(join(folder, "edge.ort"), "x"), /edge\.ort is not the file that was/],
    ["a missing file", () => rm(join(folder, "tokenizer.json")), /tokenizer\.json is missing: pack the model again/],
    [
      "a manifest that is not valid",
      () => writeFile(join(folder, "manifest.json"), '{"format": "spillway-model/1"}'),
      /manifest\.json is not a model manifest \(name: .*\): pack the model again/,
    ],
  ])("refuse to sign a package with %s, and sign nothing", async (_, breakIt, sentence) => {
    await breakIt();
    const error = await run("sign", folder, "--key", key()).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(sentence);
    expect(String(error).split("\n")).toHaveLength(1);
    expect(await readdir(folder)).not.toContain("model.sig");
  });

  it("fail to verify what was changed after signing, with the wrong key, and what was not signed", async () => {
    const unsigned = run("verify", folder, "--key", publicKey());
    await expect(unsigned).rejects.toThrow(`${basename(folder)}/model.sig is missing: the folder is not signed.`);
    await run("sign", folder, "--key", key());
    const wrong = join(VECTORS, "made/p256.pub.pem");
    await expect(run("verify", folder, "--key", wrong)).rejects.toMatchObject({ reason: "wrong-key" });
    await expect(run("verify", folder, "--key", key())).rejects.toThrow(/pass the public key/);
    await appendFile(join(folder, "manifest.json"), " ");
    await expect(run("verify", folder, "--key", publicKey())).rejects.toThrow(/manifest\.json was changed/);
  });

  it("need a key", async () => {
    await expect(run("sign", folder)).rejects.toThrow(/required option '--key/);
    await expect(run("verify", folder)).rejects.toThrow(/required option '--key/);
  });
});
