/** The committed package: whole, of the agreed size, and the one that the Worker's configuration trusts. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openLocalPackage } from "../../../tools/spillway/model/local-package.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, "models/mail-tagger");

it("holds every file that its manifest names, byte for byte", async () => {
  const { manifest } = await openLocalPackage(folder);
  expect(manifest.files.map(({ name }) => name)).toEqual([
    "edge.ort",
    "origin.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
});

it("is the package that wrangler.toml names", async () => {
  const { modelId } = await openLocalPackage(folder);
  expect(await readFile(join(root, "wrangler.toml"), "utf8")).toContain(`MODEL = "${modelId}"`);
});

it("takes at most 40 MB of the repository", async () => {
  const { manifest } = await openLocalPackage(folder);
  const sizes = await Promise.all(manifest.files.map(async ({ name }) => (await stat(join(folder, name))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(40e6);
});
