/** A user's first impression: npm prints no warning before a command's output. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import manifest from "../../../../package.json" with { type: "json" };

// The machine's npm. Its settings must be those of .npmrc, not of the npm that runs the tests.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")));
const run = async (folder: string, ...words: string[]) => {
  const cwd = fileURLToPath(new URL(`../../../../${folder}`, import.meta.url));
  return promisify(execFile)("npx", words, { cwd, env });
};

it("spillway --version is all that npx prints, in any folder of the checkout", async () => {
  expect(await run("docs/guide", "spillway", "--version")).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
});
