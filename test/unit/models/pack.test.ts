/** The packer on a tiny model that can be checked by hand, through the real converter and the real wasm. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEdgeModel } from "../../../models/pack/edge-runtime.ts";
import { fitTokenModel } from "../../../models/pack/least-squares.ts";
import { packModel } from "../../../models/pack/pack.ts";
import { openLocalPackage } from "../../../tools/start/local-package.ts";
import { writeTinyPackage } from "../../support/model-package.ts";
import { tinyOnnx } from "../../support/tiny-onnx.ts";

let scratch: string;
let source: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-pack-"));
  // A tiny package has the tokenizer files of a model folder; the rest is added.
  ({ folder: source } = await writeTinyPackage(join(scratch, "source")));
  await rm(join(source, "manifest.json"));
  await writeFile(join(source, "model_quantized.onnx"), tinyOnnx());
  const config = { id2label: { 1: "spam", 0: "ham" }, vocab_size: 7, max_position_embeddings: 512 };
  await writeFile(join(source, "config.json"), JSON.stringify(config));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe("packModel", () => {
  it("writes a package whose every file is what its manifest says, with golden logits that the edge engine gives", async () => {
    const out = join(scratch, "tiny");
    const { modelId, manifest } = await packModel("tiny", source, out, () => {});
    expect(await openLocalPackage(out)).toMatchObject({ modelId, manifest });
    expect(manifest.labels).toEqual(["ham", "spam"]);
    expect(manifest.edge.maxTokens).toBe(256);
    const edge = await openEdgeModel(await readFile(join(out, manifest.edge.file)), manifest.edge.heap);
    for (const { tokenIds, logits } of manifest.edge.golden) expect([...edge.run(tokenIds)]).toEqual(logits);
    expect(edge.heapBytes()).toBe(manifest.edge.heap.maximumBytes);
  });

  const broken: [string, string, string | null, RegExp][] = [
    ["a missing file", "model_quantized.onnx", null, /model_quantized\.onnx is missing/],
    ["a corrupt model", "model_quantized.onnx", "not a model", /./],
    ["a config that is not a classifier's", "config.json", '{"vocab_size": 7}', /config\.json is not a classifier's/],
  ];
  it.each(broken)("%s ends in an error and leaves no package behind", async (_, file, content, message) => {
    const whole = await readFile(join(source, file));
    await (content === null ? rm(join(source, file)) : writeFile(join(source, file), content));
    try {
      await expect(packModel("bad", source, join(scratch, "bad"), () => {})).rejects.toThrow(message);
      expect((await readdir(scratch)).filter((name) => name !== "source" && name !== "tiny")).toEqual([]);
    } finally {
      await writeFile(join(source, file), whole);
    }
  });
});

describe("the wasm heap", () => {
  it("is never larger than its limit, and says so when the limit is too small", async () => {
    const limits = { initialBytes: 0, maximumBytes: 2 ** 24 };
    // 16 MiB is the module's own minimum: it holds the runtime and nothing of 64 MiB.
    await expect(openEdgeModel(new Uint8Array(2 ** 26), limits)).rejects.toMatchObject({ outOfMemory: true });
  });
});

describe("fitTokenModel", () => {
  it("finds the quadratic that the points lie on", () => {
    const points = [16, 64, 128, 256].map((tokens) => ({ tokens, value: 5e6 + 8000 * tokens + 96 * tokens ** 2 }));
    const { base, perToken, perTokenSquared } = fitTokenModel(points);
    expect(base).toBeCloseTo(5e6, 0);
    expect(perToken).toBeCloseTo(8000, 3);
    expect(perTokenSquared).toBeCloseTo(96, 6);
  });

  it("needs three different token counts", () => {
    expect(() => fitTokenModel([16, 16, 32].map((tokens) => ({ tokens, value: 1 })))).toThrow(/three different/);
  });
});
