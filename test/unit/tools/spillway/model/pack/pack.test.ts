/** The package's contents, for the model folders that exporters write: with the real converter, the real wasm and the origin's runtime. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { createInference, type Infer } from "../../../../../../lambda-origin/infer.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { DistilbertShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { encodeModel } from "../../../../../../tools/spillway/model/graph/codec.ts";
import { readModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { openLocalPackage } from "../../../../../../tools/spillway/model/local-package.ts";
import { compileEdgeWasm, openEdgeModel } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import { sampleIds } from "../../../../../../tools/spillway/model/pack/measure.ts";
import { packTools } from "../../../../../../tools/spillway/model/pack/pack-tools.ts";
import { silent } from "../../../../../../tools/spillway/terminal/progress.ts";
import { gapOf, PAIR, quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();

function edgeOf({ edge }: Manifest) {
  if (edge === null) throw new Error("packed for the edge");
  return edge;
}

async function originLogits(folder: string, { origin, labels }: Manifest, tokenIds: number[]): Promise<number[]> {
  const infer = await createInference(await readFile(join(folder, origin.file)), labels.length);
  return (await infer([tokenIds]))[0] ?? [];
}

const families: [DistilbertShape["family"], DistilbertShape["problemType"], number][] = [
  ["distilbert", "single_label_classification", 14],
  ["bert", "multi_label_classification", 17],
  ["roberta", "single_label_classification", 18],
];

// Packing for onnxruntime-web opens its wasm many times, which takes long on a busy machine.
describe.each(families)("a packed %s, %s, opset %i", { timeout: 120_000 }, (family, problemType, opset) => {
  it("for onnxruntime-web matches its manifest, runs in the heap that it needs, and computes its golden logits there", async () => {
    const out = scratch.path(`${family}-package`);
    await writeDistilbertFolder(scratch.path(family), { ...SMALL, positions: 512, family, problemType, opset });
    const { modelId, manifest } = await quickPack({ folder: scratch.path(family), out, engine: "onnxruntime-web" });
    expect(await openLocalPackage(out)).toMatchObject({ modelId, manifest });
    expect(manifest).toMatchObject({ name: `${family}-package`, version: 1, labels: SMALL.labels, problemType });
    const { file, heapBytes, maxTokens, golden } = edgeOf(manifest);
    expect(maxTokens).toBe(256);
    const edge = await openEdgeModel(await compileEdgeWasm(), await readFile(join(out, file)), {
      initialBytes: heapBytes,
      maximumBytes: heapBytes,
    });
    for (const { tokenIds, logits } of golden) expect([...edge.run(tokenIds)]).toEqual(logits);
    expect(edge.run(sampleIds(maxTokens, 200))).toHaveLength(3);
    expect(edge.heapBytes()).toBe(heapBytes);
  });

  it("computes on the origin the same as the folder's own model", async () => {
    const tokenIds = sampleIds(40, 200);
    const out = scratch.path(`${family}-package`);
    const { manifest } = await openLocalPackage(out);
    const own = await createInference(await readFile(join(scratch.path(family), "model.onnx")), 3);
    const packed = await originLogits(out, manifest, tokenIds);
    for (const [index, logit] of (await own([tokenIds]))[0]?.entries() ?? []) {
      expect(packed[index]).toBeCloseTo(logit, 4);
    }
  });

  it("runs a pair's token types on both sides, if it has any", async () => {
    const out = scratch.path(`${family}-package`);
    const { manifest } = await openLocalPackage(out);
    const { file, heapBytes } = edgeOf(manifest);
    const limits = { initialBytes: heapBytes, maximumBytes: heapBytes };
    const edge = await openEdgeModel(await compileEdgeWasm(), await readFile(join(out, file)), limits);
    const infer = await createInference(await readFile(join(out, manifest.origin.file)), 3);
    const [typed, untyped] = await infer([PAIR.ids, PAIR.ids], [PAIR.typeIds, PAIR.ids.map(() => 0)]);
    const atEdge = edge.run(PAIR.ids, PAIR.typeIds);
    if (family === "bert") expect(gapOf(atEdge, typed)).toBeLessThan(gapOf(atEdge, untyped) / 2);
    else expect([typed, [...atEdge]]).toEqual([untyped, [...edge.run(PAIR.ids)]]);
  });
});

describe("model folders", () => {
  it("may have their graphs in onnx/, and no tokenizer_config.json", async () => {
    const folder = await scratch.model("optimum");
    await mkdir(join(folder, "onnx"));
    await rename(join(folder, "model.onnx"), join(folder, "onnx/model.onnx"));
    await rename(join(folder, "model_quantized.onnx"), join(folder, "onnx/model_int8.onnx"));
    await rm(join(folder, "tokenizer_config.json"));
    const { manifest } = await quickPack({ folder, out: scratch.path("from-optimum"), maxTokens: 32 });
    expect(edgeOf(manifest).maxTokens).toBe(32);
    expect(edgeOf(manifest).golden.map(({ tokenIds }) => tokenIds.length)).toEqual([4, 16, 32]);
    expect(await openLocalPackage(scratch.path("from-optimum"))).toMatchObject({ manifest });
    // As transformers, which chooses the class by the model's type.
    const options = JSON.parse(await readFile(scratch.path("from-optimum/tokenizer_config.json"), "utf8"));
    expect(options).toEqual({ tokenizer_class: "DistilBertTokenizer" });
  });

  it("may have external weights: the package has one file", async () => {
    const folder = await scratch.model("external");
    const whole = await readModel(join(folder, "model.onnx"));
    await writeFile(
      join(folder, "model.onnx"),
      encodeModel(await withExternalWeights(whole, join(folder, "model.onnx_data"))),
    );
    const out = scratch.path("from-external");
    const { manifest } = await quickPack({ folder, out, originOnly: true });
    const tokenIds = sampleIds(20, 200);
    const own = await createInference(encodeModel(whole), 3);
    const packed = await originLogits(out, manifest, tokenIds);
    for (const [index, logit] of (await own([tokenIds]))[0]?.entries() ?? []) {
      expect(packed[index]).toBeCloseTo(logit, 4);
    }
  });

  it("may be packed for the origin only, without an INT8 file", async () => {
    const folder = await scratch.model("float");
    await rm(join(folder, "model_quantized.onnx"));
    const out = scratch.path("origin-only");
    const { manifest } = await quickPack({ folder, out, originOnly: true, name: "calm", version: 7 });
    expect(manifest).toMatchObject({ name: "calm", version: 7, edge: null });
    // No edge states how long a window takes.
    expect(manifest.origin).toEqual({ file: "origin.onnx", windowTokens: 64, windowMs: 0.64 });
    expect(manifest.files.map(({ name }) => name)).toEqual(["origin.onnx", "tokenizer.json", "tokenizer_config.json"]);
    expect(await openLocalPackage(out)).toMatchObject({ manifest });
  });

  it("for the origin only state the time of their longest text: the fastest of three runs", async () => {
    const lengths: number[] = [];
    const infer: Infer = async (windows) => {
      lengths.push(...windows.map(({ length }) => length));
      return [[0, 1]];
    };
    expect(await packTools.measureWindowMs({ infer, windowTokens: 64 }, 200)).toBeGreaterThanOrEqual(0);
    expect(lengths).toEqual([64, 64, 64]);
  });

  it("may have no labels: they get the names that transformers gives them, with a note", async () => {
    const folder = await scratch.model("unnamed");
    const { id2label: _, label2id: __, ...config } = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const notes: string[] = [];
    const progress = { ...silent, note: (line: string) => void notes.push(line) };
    const { manifest } = await quickPack({ folder, out: scratch.path("labels"), originOnly: true }, progress);
    expect(manifest.labels).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
    expect(notes).toContainEqual(expect.stringContaining("config.json has no labels"));
  });
});

/** The same model with its weights in another file. */
async function withExternalWeights(model: Awaited<ReturnType<typeof readModel>>, path: string) {
  const blocks: Uint8Array[] = [];
  let offset = 0;
  const initializer = model.graph.initializer.map((tensor) => {
    const { rawData, ...rest } = tensor;
    if (rawData === undefined || rawData.byteLength < 64) return tensor;
    const entries = { location: "model.onnx_data", offset: String(offset), length: String(rawData.byteLength) };
    blocks.push(rawData);
    offset += rawData.byteLength;
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return { ...rest, externalData, dataLocation: 1 };
  });
  await writeFile(path, Buffer.concat(blocks));
  return { ...model, graph: { ...model.graph, initializer } };
}
