/** Publishing with `--key`: never what the gateway at the target would refuse, as far as its key is known here. */
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

const publicHalf = ({ publicPath }: KeyFiles) => readFile(publicPath, "utf8");
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
      `${other.publicPath} is the key ${short(other.fingerprint)}, but the gateway on this machine pins ${short(pinned.fingerprint)}, and its edge would refuse the package: sign it with ${running}/local-signing.pem and publish it without --key.`,
    );
    expect(await readdir(running)).toHaveLength(2);
  });

  it("for the account, where the key of wrangler.toml can be changed instead", async () => {
    const pinned = await pinnedByConfig(await publicHalf(configured));
    await expect(keyFromFile(other.publicPath, pinned)).rejects.toThrow(
      `${other.publicPath} is the key ${short(other.fingerprint)}, but MODEL_PUBLIC_KEY of wrangler.toml pins ${short(configured.fingerprint)}, and its edge would refuse the package: sign it with <the private key of MODEL_PUBLIC_KEY> and publish it without --key, or put the public key there and deploy it first.`,
    );
  });
});

describe("a key is accepted", () => {
  it("that is the pinned one", async () => {
    const pem = await publicHalf(configured);
    expect(await keyFromFile(configured.publicPath, await pinnedByConfig(pem))).toMatchObject({ pem });
  });

  it("where none is pinned yet, and none is made by asking", async () => {
    expect(await pinnedByConfig(null)).toBeNull();
    expect(await pinnedHere(join(scratch, "state"))).toBeNull();
    expect(await readdir(scratch)).not.toContain("state");
    expect(await keyFromFile(other.publicPath, null)).toMatchObject({ pem: await publicHalf(other) });
  });
});

it("a MODEL_PUBLIC_KEY that is no key is told by its name", async () => {
  await expect(pinnedByConfig("mine")).rejects.toThrow(/^MODEL_PUBLIC_KEY of wrangler\.toml: The public key cannot/);
});
