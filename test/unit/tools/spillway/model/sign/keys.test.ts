/** Key files: their mode, that none is overwritten, and which keys can sign. */
import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type CurveName,
  readPrivateKeyFile,
  readPublicKeyFile,
  writeKeyPair,
} from "../../../../../../tools/spillway/model/sign/keys.ts";

let scratch: string;
let folder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-keys-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "keys-"));
});

describe("writeKeyPair", () => {
  it.each<[CurveName, string]>([
    ["p256", "prime256v1"],
    ["p384", "secp384r1"],
  ])("makes a pair of %s that belongs together", async (curve, namedCurve) => {
    const { privatePath, publicPath, fingerprint } = await writeKeyPair(join(folder, "k"), curve);
    const key = createPrivateKey(await readFile(privatePath));
    expect(key.asymmetricKeyDetails).toEqual({ namedCurve });
    expect(createPublicKey(key).export({ type: "spki", format: "pem" })).toBe(await readFile(publicPath, "utf8"));
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it("makes the private key readable only by its owner, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      const { privatePath, publicPath } = await writeKeyPair(join(folder, "k"));
      expect((await stat(privatePath)).mode & 0o777).toBe(0o600);
      expect((await stat(publicPath)).mode & 0o777).toBe(0o644);
    } finally {
      process.umask(before);
    }
  });

  it.each(["k.pem", "k.pub.pem"])("does not overwrite %s, and leaves no incomplete pair", async (name) => {
    await writeFile(join(folder, name), "precious");
    await expect(writeKeyPair(join(folder, "k"))).rejects.toThrow(`${name} exists already and is not overwritten`);
    expect(await readdir(folder)).toEqual([name]);
    expect(await readFile(join(folder, name), "utf8")).toBe("precious");
  });
});

describe("readPrivateKeyFile", () => {
  const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  const cipher = { cipher: "aes-256-cbc", passphrase: "secret" };
  const p256 = ec("prime256v1");

  async function read(content: string | Buffer): Promise<string> {
    await writeFile(join(folder, "k.pem"), content);
    return readPrivateKeyFile(join(folder, "k.pem"));
  }

  it("accepts PKCS#8, SEC1, and SEC1 after its parameters, and returns PKCS#8", async () => {
    const expected = p256.privateKey.export(pkcs8);
    const sec1 = p256.privateKey.export({ type: "sec1", format: "pem" }).toString();
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    for (const text of [expected, sec1, parameters + sec1]) expect(await read(text)).toBe(expected);
  });

  it.each<[string, string | Buffer, RegExp]>([
    [
      "an encrypted PKCS#8 key",
      p256.privateKey.export({ ...pkcs8, ...cipher }),
      /is encrypted; decrypt it first: openssl/,
    ],
    ["an encrypted SEC1 key", p256.privateKey.export({ type: "sec1", format: "pem", ...cipher }), /is encrypted/],
    [
      "a public key",
      p256.publicKey.export({ type: "spki", format: "pem" }),
      /is a public key; signing needs the private/,
    ],
    ["a P-521 key", ec("secp521r1").privateKey.export(pkcs8), /of type secp521r1; make a P-256 or P-384 key/],
    ["an RSA key", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pkcs8), /of type RSA;/],
    ["an Ed25519 key", generateKeyPairSync("ed25519").privateKey.export(pkcs8), /of type ED25519;/],
    ["another text", "hello", /is not a private key in PEM; make one with/],
    ["a truncated key", p256.privateKey.export(pkcs8).slice(0, 100), /is not a private key in PEM/],
  ])("refuses %s in one sentence that does not quote it", async (_, content, sentence) => {
    const error = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(sentence);
    expect(String(error).split("\n")).toHaveLength(1);
    expect(String(error)).not.toContain("BEGIN");
  });
});

it("a public key that cannot be used is named in the error", async () => {
  const { privatePath, publicPath } = await writeKeyPair(join(folder, "k"));
  expect(await readPublicKeyFile(publicPath)).toBe(await readFile(publicPath, "utf8"));
  await expect(readPublicKeyFile(privatePath)).rejects.toThrow(/k\.pem: .*private key; pass the public key/);
});

/** Whether a process can have a mount that is removed with it. */
const canMount = spawnSync("sh", ["-c", "unshare -rm mount -t tmpfs tmpfs /mnt"]).status === 0;

describe.skipIf(!canMount)("keygen on a full disk", () => {
  it("ends in one sentence, and leaves no empty key that would block the next attempt", async () => {
    const disk = await mkdtemp(join(tmpdir(), "spillway-full-"));
    const command = fileURLToPath(new URL("../../../../../../tools/spillway/main.ts", import.meta.url));
    const script =
      'mount -t tmpfs -o size=4k tmpfs "$1" && head -c 4096 /dev/zero > "$1/full"; "$2" "$3" model keygen --out "$1/k"; echo "exit $?"; ls -A "$1"';
    const words = [script, disk, process.execPath, command];
    const { stdout, stderr } = spawnSync("sh", ["-c", 'exec unshare -rm sh -c "$0" sh "$@"', ...words], {
      encoding: "utf8",
    });
    await rm(disk, { recursive: true });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "The disk is full and nothing was written; free some space and retry.",
    );
    expect(stdout).toBe("exit 1\nfull\n");
  });
});

describe("a key as people have it", () => {
  const marked = (pem: string) => `\ufeff${pem.replaceAll("\n", "\r\n")}`;

  it("may begin with a byte order mark and have CRLF line ends", async () => {
    const { privatePath, publicPath } = await writeKeyPair(join(folder, "key"));
    const [own, pub] = [await readFile(privatePath, "utf8"), await readFile(publicPath, "utf8")];
    await writeFile(join(folder, "marked.pem"), marked(own));
    await writeFile(join(folder, "marked.pub.pem"), marked(pub));
    expect(await readPrivateKeyFile(join(folder, "marked.pem"))).toBe(own);
    expect(await readPublicKeyFile(join(folder, "marked.pub.pem"))).toBe(pub.replaceAll("\n", "\r\n"));
  });

  it("is refused by name as a Git LFS pointer, as a folder, and in UTF-16", async () => {
    const path = join(folder, "key.pem");
    await writeFile(path, "version https://git-lfs.github.com/spec/v1\n");
    await expect(readPrivateKeyFile(path)).rejects.toThrow(`${path} is a Git LFS pointer`);
    await expect(readPublicKeyFile(folder)).rejects.toThrow(`${folder} is a folder; pass a file.`);
    await writeFile(path, Buffer.from("\ufeff-----BEGIN", "utf16le"));
    await expect(readPublicKeyFile(path)).rejects.toThrow(`${path} is UTF-16`);
  });
});
