/** The longest text that a package allows is run on both sides when it is packed: there a model fails that runs every shorter text. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { OnnxModel } from "../../../../../../tools/spillway/model/graph/model.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { intAttribute, makeNode } from "../../../../../../tools/spillway/model/graph/nodes.ts";
import {
  elementType,
  floatTensor,
  int64Bytes,
  rawTensor,
} from "../../../../../../tools/spillway/model/graph/tensors.ts";
import type { PackOptions } from "../../../../../../tools/spillway/model/pack/pack.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
/** The position table of the small classifier. */
const LONGEST = 64;
const onnx = { engine: "onnxruntime-web" } as const;

/** Divides the logits by 1, and in a text of `tokens` tokens by 0: as a sum over tokens that overflows, it fails without an error. */
const infiniteAt =
  (tokens: number) =>
  ({ graph, ...model }: OnnxModel): OnnxModel => {
    const renamed = (name = "") => (name === "logits" ? "finite" : name);
    const constants = [
      rawTensor("one", elementType.int64, [], int64Bytes([1])),
      floatTensor("unit", [], Float32Array.of(1)),
      floatTensor("limit", [], Float32Array.of(tokens)),
    ];
    const nodes = [
      makeNode("Shape", ["input_ids"], ["shape"]),
      makeNode("Gather", ["shape", "one"], ["tokens"], [intAttribute("axis", 0)]),
      makeNode("Cast", ["tokens"], ["count"], [intAttribute("to", elementType.float)]),
      makeNode("Sub", ["limit", "count"], ["left"]),
      makeNode("Min", ["left", "unit"], ["divisor"]),
      makeNode("Div", ["finite", "divisor"], ["logits"]),
    ];
    const node = [
      ...graph.node.map((one) => ({ ...one, name: renamed(one.name), output: one.output.map(renamed) })),
      ...nodes,
    ];
    return { ...model, graph: { ...graph, node, initializer: [...graph.initializer, ...constants] } };
  };

/** A copy of the small classifier's folder with one graph changed. */
async function withGraph(name: string, file: string, change: (model: OnnxModel) => OnnxModel): Promise<string> {
  const folder = await scratch.model(name);
  await writeModel(change(await readModel(join(folder, file))), join(folder, file));
  return folder;
}

/** An INT8 graph of the same shape but for its position table. */
async function withShortInt8(name: string, positions: number): Promise<string> {
  const folder = await scratch.model(name);
  const other = scratch.path(`.${name}`);
  await writeDistilbertFolder(other, { ...SMALL, positions });
  const file = "model_quantized.onnx";
  await writeModel(await readModel(join(other, file)), join(folder, file));
  return folder;
}

const pack = (folder: string, options: Partial<PackOptions> = {}) =>
  quickPack({ folder, out: scratch.path("packed"), ...options });

describe("at the origin", () => {
  it.each<[string, Partial<PackOptions>]>([
    ["for the origin only", { originOnly: true }],
    ["for both sides", { maxTokens: 16 }],
  ])("a graph whose logits are finite up to one token less is refused, packed %s", async (what, options) => {
    const folder = await withGraph(what.replaceAll(" ", "-"), "model.onnx", infiniteAt(LONGEST));
    await expect(pack(folder, options)).rejects.toThrow(
      /model\.onnx cannot run a text of 64 tokens at the origin: the model returned logits that are not finite\.$/,
    );
  });

  it("one that fails only beyond it is packed", async () => {
    const folder = await withGraph("beyond", "model.onnx", infiniteAt(LONGEST + 1));
    const { manifest } = await pack(folder, { originOnly: true });
    expect(manifest.origin.windowTokens).toBe(LONGEST);
  });
});

describe("at the edge", () => {
  it("an INT8 graph whose logits are finite up to one token less is refused, also with --accept-gap", async () => {
    const folder = await withGraph("int8", "model_quantized.onnx", infiniteAt(LONGEST));
    for (const acceptGap of [false, true]) {
      await expect(pack(folder, { ...onnx, acceptGap })).rejects.toThrow(
        /model_quantized\.onnx cannot run a text of 64 tokens at the edge: its logits are not finite \(-?Infinity, .*\); pass another INT8 file with --quantized, or pack for the origin only with --origin-only\.$/,
      );
    }
    const { manifest } = await pack(folder, { ...onnx, maxTokens: LONGEST - 1 });
    expect(manifest.edge?.maxTokens).toBe(LONGEST - 1);
  });

  it("an INT8 graph with a shorter position table than the FP32 graph's is refused, and packed for what it can run", async () => {
    const folder = await withShortInt8("short-table", 32);
    await expect(pack(folder, onnx)).rejects.toThrow(
      /model_quantized\.onnx cannot run a text of 64 tokens at the edge, and the FP32 model can \(.+\); allow fewer with --max-tokens, or pass another INT8 file with --quantized, or pack for the origin only with --origin-only\.$/,
    );
    const { manifest } = await pack(folder, { ...onnx, maxTokens: 32 });
    expect(manifest).toMatchObject({ edge: { maxTokens: 32 }, origin: { windowTokens: LONGEST } });
  });
});
