/** Position tables of any length: the graph decides, and both sides serve texts of any length within it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { windowTokensOf } from "../../../../../../formats/model-package/manifest.ts";
import { originAnswerSchema } from "../../../../../../formats/origin-wire.ts";
import { createApp } from "../../../../../../lambda-origin/app.ts";
import { loadModel } from "../../../../../../lambda-origin/model.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { DistilbertShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import type { PackOptions } from "../../../../../../tools/spillway/model/pack/pack.ts";
import { signFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../../../tools/spillway/model/sign/keys.ts";
import { silent } from "../../../../../../tools/spillway/terminal/progress.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
const { privateKey, publicKey } = generateKeyPair();

interface Case {
  shape: Partial<DistilbertShape>;
  config?: Record<string, unknown>;
  options?: Partial<PackOptions>;
}

async function pack(name: string, { shape, config = {}, options = { originOnly: true } }: Case) {
  const folder = scratch.path(name);
  await writeDistilbertFolder(folder, { ...SMALL, ...shape });
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...config }));
  const notes: string[] = [];
  const progress = { ...silent, note: (line: string) => void notes.push(line) };
  const out = scratch.path(`${name}-package`);
  return { out, notes, ...(await quickPack({ folder, out, ...options }, progress)) };
}

/** The windows of a text of this many words, by the origin that serves the package. */
async function windowsAt(out: string, words: number): Promise<number[]> {
  await signFolder(out, privateKey);
  const loaded = await loadModel({ folder: out, publicKeyPem: publicKey });
  const body = JSON.stringify({ text: "a ".repeat(words), maxTokens: 16_384 });
  const response = await createApp(loaded).request("/", { method: "POST", body });
  expect(response.status).toBe(200);
  return originAnswerSchema.parse(await response.json()).windows.map(({ tokens }) => tokens);
}

describe("a model with 128 positions", () => {
  it("is packed for both sides, and the origin's windows have 128 tokens", async () => {
    const shape = { positions: 128, layers: 1, quantized: false };
    const { manifest, out, notes } = await pack("short", { shape, options: {} });
    expect(manifest).toMatchObject({ edge: { maxTokens: 128 }, origin: { windowTokens: 128 } });
    expect(notes.join()).not.toContain("positions");
    expect(await windowsAt(out, 126)).toEqual([126]);
    expect(await windowsAt(out, 300)).toEqual([100, 100, 100]);
    expect(await windowsAt(out, 16_000)).toHaveLength(127);
  });

  it("is packed for onnxruntime-web too", async () => {
    const options = { engine: "onnxruntime-web" } as const;
    const { manifest } = await pack("short-onnx", { shape: { positions: 40 }, options });
    expect(manifest).toMatchObject({ edge: { maxTokens: 40 }, origin: { windowTokens: 40 } });
  });

  it("of RoBERTa's kind has two more rows in its table", async () => {
    const { manifest, out } = await pack("roberta", { shape: { positions: 128, family: "roberta" } });
    expect(windowTokensOf(manifest)).toBe(128);
    expect(await windowsAt(out, 127)).toEqual([63, 64]);
  });
});

describe("the graph decides", () => {
  it.each([
    [
      "where config.json states more",
      { max_position_embeddings: 512 },
      /states 512 positions, and model\.onnx can run 128/,
    ],
    [
      "where config.json states nothing",
      { max_position_embeddings: undefined },
      /no max_position_embeddings, and .* 128/,
    ],
    ["where its kind is not known to count after the padding", { model_type: "other" }, null],
  ])("%s", async (what, config, note) => {
    const { manifest, out, notes } = await pack(what.replaceAll(/\W+/g, "-"), { shape: { positions: 128 }, config });
    expect(windowTokensOf(manifest)).toBe(128);
    if (note !== null) expect(notes).toContainEqual(expect.stringMatching(note));
    expect(await windowsAt(out, 129)).toEqual([64, 65]);
  });

  it("for RoBERTa's table under another model_type", async () => {
    const config = { model_type: "phobert" };
    const { manifest } = await pack("phobert", { shape: { positions: 128, family: "roberta" }, config });
    expect(windowTokensOf(manifest)).toBe(128);
  });

  it("for the vocabulary: a token without a row is refused", async () => {
    await expect(pack("rows", { shape: {}, config: { vocab_size: 30_000 } })).resolves.toBeDefined();
    const folder = scratch.path("fewer-rows");
    await writeDistilbertFolder(folder, { ...SMALL, vocabulary: 150 });
    await writeFile(join(folder, "tokenizer.json"), await readFile(join(scratch.path("rows"), "tokenizer.json")));
    await writeFile(join(folder, "config.json"), await readFile(join(scratch.path("rows"), "config.json")));
    const packing = quickPack({ folder, out: scratch.path("refused"), originOnly: true });
    await expect(packing).rejects.toThrow(/has a token 199, but the model's vocabulary ends at 149/);
  });
});

it("a longer table gives longer windows, up to 2,048 tokens", async () => {
  const { manifest, out } = await pack("long", { shape: { positions: 1024, layers: 1, heads: 1 } });
  expect(windowTokensOf(manifest)).toBe(1024);
  expect(await windowsAt(out, 1022)).toEqual([1022]);
  const longest = await pack("longest", { shape: { positions: 2100, layers: 1, heads: 1 } });
  expect(windowTokensOf(longest.manifest)).toBe(2048);
});

describe("packages of 512 positions", () => {
  let text: string;
  beforeAll(async () => {
    const { out } = await pack("usual", { shape: { positions: 512 } });
    text = await readFile(join(out, "manifest.json"), "utf8");
  });
  it("state no window, so that earlier gateways read them", () => {
    expect(text).not.toContain("windowTokens");
  });
});

it("fewer than 16 positions are refused", async () => {
  const packing = pack("tiny", { shape: { positions: 12 } });
  await expect(packing).rejects.toThrow(/must be able to run texts of 16 tokens, and config\.json states 12 positions/);
});
