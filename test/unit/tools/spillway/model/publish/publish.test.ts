/** What is published of a package, in which order. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { publishPackage } from "../../../../../../tools/spillway/model/publish/publish.ts";
import { writeTinyPackage } from "../../../../../support/model-package.ts";

const originOnly = (manifest: Manifest): Manifest => ({
  ...manifest,
  edge: null,
  files: manifest.files.filter(({ name }) => name !== "edge.ort"),
});

it.each([
  ["both sides", (manifest: Manifest) => manifest, ["tokenizer.json", "tokenizer_config.json", "edge.ort"]],
  ["the origin only", originOnly, ["tokenizer.json", "tokenizer_config.json"]],
])("a package for %s: what the gateway reads, and the signature last", async (_, bend, files) => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-publish-"));
  const tiny = await writeTinyPackage(folder, { bend });
  const put: string[] = [];
  await publishPackage({ ...tiny, bundle: "{}" }, { put: async (key) => void put.push(key.split("/").at(-1) ?? "") });
  expect(put).toEqual([...files, "manifest.json", "model.sig"]);
  await rm(folder, { recursive: true });
});
