/** Publishing with `--key`: never a package that the target's gateway would reject, if its key is known. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { registerPublish } from "../../../../../../tools/spillway/model/publish/command.ts";
import { keyFromFile, pinnedByConfig, pinnedHere } from "../../../../../../tools/spillway/model/publish/pinned-key.ts";
import { signFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { type KeyFiles, writeKeyPair } from "../../../../../../tools/spillway/model/sign/keys.ts";
import { writeTinyPackage } from "../../../../../support/model-package.ts";

let scratch: string;
let other: KeyFiles;
let configured: KeyFiles;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-pinned-"));
  other = await writeKeyPair(join(scratch, "other"));
  configured = await writeKeyPair(join(scratch, "configured"), "p384");
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

const publicKeyOf = ({ publicPath }: KeyFiles) => readFile(publicPath, "utf8");
const short = (fingerprint: string) => `${fingerprint.slice(0, 12)}…`;

describe("another key than the pinned one is refused, with both fingerprints and the next step", () => {
  it("by publish --local, before anything is stored", async () => {
    const folder = join(scratch, "package");
    await writeTinyPackage(folder);
    await signFolder(folder, await readFile(other.privatePath, "utf8"));
    const running = await mkdtemp(join(scratch, "running-"));
    vi.stubEnv("SPILLWAY_STATE_DIR", running);
    const pinned = await writeKeyPair(join(running, "local-signing"));
    const model = new Command("model").exitOverride();
    registerPublish(model);
    const words = ["publish", folder, "--local", "--key", other.publicPath];
    await expect(model.parseAsync(words, { from: "user" })).rejects.toThrow(
      `${other.publicPath} is the key ${short(other.fingerprint)}, but the gateway on this machine pins ${short(pinned.fingerprint)}: the edge would reject the package. Sign it with ${running}/local-signing.pem and publish without --key.`,
    );
    expect(await readdir(running)).toHaveLength(2);
  });

  it("for the account, where the key of wrangler.toml can be changed instead", async () => {
    const pinned = await pinnedByConfig(await publicKeyOf(configured));
    await expect(keyFromFile(other.publicPath, pinned)).rejects.toThrow(
      `${other.publicPath} is the key ${short(other.fingerprint)}, but MODEL_PUBLIC_KEY of wrangler.toml pins ${short(configured.fingerprint)}: the edge would reject the package. Sign it with <the private key of MODEL_PUBLIC_KEY> and publish without --key, or set that variable to the new public key and deploy first.`,
    );
  });
});

describe("a key is accepted", () => {
  it("if it is the pinned one", async () => {
    const pem = await publicKeyOf(configured);
    expect(await keyFromFile(configured.publicPath, await pinnedByConfig(pem))).toMatchObject({ pem });
  });

  it("if no key is pinned yet, and no key is made by the check", async () => {
    expect(await pinnedByConfig(null)).toBeNull();
    expect(await pinnedHere(join(scratch, "state"))).toBeNull();
    expect(await readdir(scratch)).not.toContain("state");
    expect(await keyFromFile(other.publicPath, null)).toMatchObject({ pem: await publicKeyOf(other) });
  });
});

it("an invalid MODEL_PUBLIC_KEY is named in the error", async () => {
  await expect(pinnedByConfig("mine")).rejects.toThrow(/^MODEL_PUBLIC_KEY of wrangler\.toml: The public key cannot/);
});
