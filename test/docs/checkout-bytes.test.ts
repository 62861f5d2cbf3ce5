/** A checkout with core.autocrlf=true, as on Windows, has the bytes that were hashed and signed, and sources with LF. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PACKAGE = "models/mail-tagger";
const git = (...words: string[]) => execFileSync("git", words, { cwd: ROOT, maxBuffer: 2 ** 28 });
const listed = (folder: string) => git("ls-files", "-z", folder).toString("utf8").split("\0").filter(Boolean);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** As git names a file's contents. */
const objectOf = (bytes: Uint8Array) => createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

let folder: string;
const checkedOut = (path: string) => readFileSync(join(folder, path));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spillway-autocrlf-"));
  const paths = [...listed(PACKAGE), ...listed("test/vectors"), "wrangler.toml", "policies/policy.schema.json"];
  git("-c", "core.autocrlf=true", "checkout-index", `--prefix=${folder}/`, "--", ...paths);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a checkout with core.autocrlf=true", () => {
  it("has the model package that wrangler.toml names, with the digests of its manifest", () => {
    const manifest = checkedOut(`${PACKAGE}/manifest.json`);
    expect(checkedOut("wrangler.toml").toString()).toContain(`MODEL = "mail-tagger@${sha256(manifest)}"`);
    const { files } = z
      .object({ files: z.array(z.object({ name: z.string(), sha256: z.string() })) })
      .parse(JSON.parse(manifest.toString()));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect([file.name, sha256(checkedOut(`${PACKAGE}/${file.name}`))]).toEqual([file.name, file.sha256]);
    }
  });

  it("has every vector as it was committed", () => {
    // One line a file: mode, object and stage, a tab, and the path.
    const vectors = git("ls-files", "-z", "--stage", "test/vectors").toString("utf8").split("\0").filter(Boolean);
    expect(vectors.length).toBeGreaterThan(50);
    for (const vector of vectors) {
      const [about = "", path = ""] = vector.split("\t");
      expect([path, objectOf(checkedOut(path))]).toEqual([path, about.split(" ")[1]]);
    }
  });

  it.each(["wrangler.toml", "policies/policy.schema.json"])("has LF in %s", (path) => {
    expect(checkedOut(path).includes("\r")).toBe(false);
  });
});
