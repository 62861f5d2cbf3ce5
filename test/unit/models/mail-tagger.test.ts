/** The committed package: complete, small, and the one that wrangler.toml names. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { openLocalPackage } from "../../../tools/spillway/model/local-package.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, "models/mail-tagger");

it("has every file that its manifest names, byte for byte", async () => {
  const { manifest } = await openLocalPackage(folder);
  expect(manifest.files.map(({ name }) => name)).toEqual([
    "edge.weights",
    "origin.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
});

it("is the package that wrangler.toml names", async () => {
  const { modelId } = await openLocalPackage(folder);
  expect(await readFile(join(root, "wrangler.toml"), "utf8")).toContain(`MODEL = "${modelId}"`);
});

it("is at most 40 MB", async () => {
  const { manifest } = await openLocalPackage(folder);
  const sizes = await Promise.all(manifest.files.map(async ({ name }) => (await stat(join(folder, name))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(40e6);
});
