/** Credentials are only Worker secrets: no committed file holds any, and no variable of wrangler.toml is for one. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ONE_MIB = 2 ** 20;

/** The examples of AWS's documentation and test suite. */
const EXAMPLES = /AKIAIOSFODNN7EXAMPLE|AKIDEXAMPLE|wJalrXUtnFEMI\/K7MDENG\+?\/?bPxRfiCYEXAMPLEKEY/g;
const KINDS: readonly [string, RegExp][] = [
  ["an access key id", /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ["a secret access key", /secret_?access_?key["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/i],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}/],
];

function credentialsIn(text: string): string[] {
  const own = text.replaceAll(EXAMPLES, "");
  return KINDS.filter(([, pattern]) => pattern.test(own)).map(([kind]) => kind);
}

/** Files that are committed, and those that the next commit would add. */
function committedFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  return list
    .toString("utf8")
    .split("\0")
    .filter((name) => name !== "");
}

describe("no credentials", () => {
  it("are in any file of the repository", () => {
    const files = committedFiles().filter((name) => {
      const stats = statSync(root + name, { throwIfNoEntry: false });
      return stats?.isFile() && stats.size <= ONE_MIB;
    });
    expect(files.length).toBeGreaterThan(300);
    const found = files.flatMap((name) =>
      credentialsIn(readFileSync(root + name, "latin1")).map((kind) => `${name}: ${kind}`),
    );
    expect(found).toEqual([]);
  });

  it.each(committedFiles().filter((name) => /(^|\/)wrangler\.(toml|jsonc?)$/.test(name)))(
    "are variables of %s: the Worker gets them as secrets",
    (name) => {
      const text = readFileSync(root + name, "utf8");
      expect(text).not.toMatch(/^[\s"']*AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)["']?\s*[:=]/m);
    },
  );

  it("go unnoticed: each kind is found by its shape", () => {
    const id = `AKIA${"Q7".repeat(8)}`;
    const secret = "a1/+".repeat(10);
    expect(credentialsIn(`key = "${id}"`)).toEqual(["an access key id"]);
    expect(credentialsIn(`"SecretAccessKey": "${secret}"`)).toEqual(["a secret access key"]);
    expect(credentialsIn(`AWS_SECRET_ACCESS_KEY=${secret}`)).toEqual(["a secret access key"]);
    expect(credentialsIn(`-----BEGIN ${"PRIVATE KEY"}-----\n${"MIGH".repeat(16)}\n`)).toEqual(["a private key"]);
  });
});
