/** Verification of a folder that was changed after signing fails with a sentence that names the file. */
import { appendFile, cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { fill } from "./fill.ts";
import { readVector, VECTORS } from "./vectors.ts";

const made = { p256: readVector("made/p256.pub.pem"), p384: readVector("made/p384.pub.pem") };
let scratch: string;
let folder: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-tamper-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(scratch, "model-"));
});

describe("a tampered folder", () => {
  const names = ["a.txt", "a/b.txt", "config.json", "empty.bin", "nested/deep/weights 1.bin"];
  beforeEach(() => cp(join(VECTORS, "made/p256"), folder, { recursive: true }));
  const verifying = () => verifyFolder(folder, made.p256);

  for (const name of names.filter((each) => each !== "empty.bin")) {
    it.each([0, 0.25, 0.5, 0.75, 1])(`fails for ${name} with a bit flipped at %d of its length`, async (part) => {
      const bytes = await readFile(join(folder, name));
      const at = Math.floor(part * (bytes.length - 1));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(join(folder, name), bytes);
      await expect(verifying()).rejects.toThrow(`${name} was changed after it was signed.`);
    });

    it.each([0, 0.5, 0.99])(`fails for ${name} truncated to %d of its length`, async (part) => {
      const bytes = await readFile(join(folder, name));
      await writeFile(join(folder, name), bytes.subarray(0, Math.floor(part * bytes.length)));
      await expect(verifying()).rejects.toThrow(`${name} was changed after it was signed.`);
    });
  }

  it.each<[string, (text: string) => string, RegExp]>([
    [
      "a Git LFS pointer",
      () => "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
      /is a Git LFS pointer.*git lfs pull$/,
    ],
    ["CRLF line ends", (text) => text.replaceAll("\n", "\r\n"), /has CRLF line ends, .* was signed with LF: add /],
    [
      "a byte order mark",
      (text) => `\ufeff${text}`,
      /begins with a byte order mark, which was added after it was signed/,
    ],
  ])("names the cause: %s", async (_, change, cause) => {
    const path = join(folder, "config.json");
    await writeFile(path, change(await readFile(path, "utf8")));
    await expect(verifying()).rejects.toThrow(cause);
  });

  describe.each(names)("%s", (name) => {
    it("fails with an additional byte", async () => {
      await appendFile(join(folder, name), "\0");
      await expect(verifying()).rejects.toThrow(`${name} was changed after it was signed.`);
    });

    it("fails if it is missing", async () => {
      await rm(join(folder, name));
      await expect(verifying()).rejects.toThrow(`${name} is missing, but the signature lists it.`);
    });

    it("fails if it was renamed", async () => {
      await rename(join(folder, name), join(folder, `${name}.old`));
      await expect(verifying()).rejects.toThrow(`${name} is missing, but the signature lists it.`);
    });

    it("fails if it is replaced by a symbolic link to the same bytes", async () => {
      const elsewhere = join(scratch, "elsewhere");
      await rename(join(folder, name), elsewhere);
      await symlink(elsewhere, join(folder, name));
      await expect(verifying()).rejects.toThrow(`${name} is a symbolic link`);
    });
  });

  it.each(["extra", ".hidden", "a/extra", "nested/.git", "sub/model.sig", "model.sig2"])(
    "fails with a file %s that is not signed",
    async (name) => {
      await fill(folder, { [name]: "" });
      await expect(verifying()).rejects.toThrow(`${name} is not in the signature; remove it, or sign again.`);
    },
  );

  it("fails if two files were swapped", async () => {
    const [first, second] = await Promise.all(["a.txt", "a/b.txt"].map((name) => readFile(join(folder, name))));
    await fill(folder, { "a.txt": second ?? "", "a/b.txt": first ?? "" });
    await expect(verifying()).rejects.toThrow(/a\.txt was changed/);
  });

  it("fails without its bundle, with a truncated one, and with another key's", async () => {
    const bundle = await readFile(join(folder, "model.sig"));
    await expect(verifyFolder(folder, made.p384)).rejects.toMatchObject({ reason: "wrong-key" });
    await writeFile(join(folder, "model.sig"), bundle.subarray(0, -20));
    await expect(verifying()).rejects.toMatchObject({ reason: "bundle-unreadable" });
    await rm(join(folder, "model.sig"));
    await expect(verifying()).rejects.toThrow(/model\.sig is missing: the folder is not signed\./);
  });
});
