/** What is published of a package, in which order. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, it, vi } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { publishedManifest } from "../../../../../../policies/named-model.ts";
import { localSettings } from "../../../../../../tools/process/local-settings.ts";
import { withLocalBucket } from "../../../../../../tools/spillway/model/publish/bucket.ts";
import { registerPublish } from "../../../../../../tools/spillway/model/publish/command.ts";
import { publishPackage } from "../../../../../../tools/spillway/model/publish/publish.ts";
import { signFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { writeKeyPair } from "../../../../../../tools/spillway/model/sign/keys.ts";
import { withoutEdge, writeTinyPackage } from "../../../../../support/model-package.ts";

it.each([
  ["both sides", (manifest: Manifest) => manifest, ["tokenizer.json", "tokenizer_config.json", "edge.ort"]],
  ["the origin only", withoutEdge, ["tokenizer.json", "tokenizer_config.json"]],
])("a package for %s: what the gateway reads, and the signature last", async (_, bend, files) => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-publish-"));
  const tiny = await writeTinyPackage(folder, { bend });
  const put: string[] = [];
  await publishPackage({ ...tiny, bundle: "{}" }, { put: async (key) => void put.push(key.split("/").at(-1) ?? "") });
  expect(put).toEqual([...files, "manifest.json", "model.sig"]);
  await rm(folder, { recursive: true });
});

it("the command publishes a package for the origin only too: a deployment names it, and the gateway reads what it is", async () => {
  const state = await mkdtemp(join(tmpdir(), "spillway-publish-state-"));
  const folder = join(state, "package");
  const { modelId } = await writeTinyPackage(folder, { bend: withoutEdge });
  const { privatePath } = await writeKeyPair(join(state, "local-signing"));
  await signFolder(folder, await readFile(privatePath, "utf8"));
  vi.stubEnv("SPILLWAY_STATE_DIR", state);
  const printed = vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "log").mockReturnValue();
  const model = new Command("model").exitOverride();
  registerPublish(model);
  await model.parseAsync(["publish", folder, "--local"], { from: "user" });
  expect(printed.mock.calls.join("\n")).toContain("sends every text to the origin");
  const { persistFolder } = localSettings(process.env);
  expect(await withLocalBucket(persistFolder, (bucket) => publishedManifest(modelId, bucket))).toMatchObject({
    edge: null,
  });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(state, { recursive: true });
});
