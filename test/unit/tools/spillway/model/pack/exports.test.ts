/** Models as exporters and training scripts write them: operator sets, outputs, and tokenizers without special tokens. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTokenizer } from "../../../../../../formats/model-package/tokenizer.ts";
import { originAnswerSchema } from "../../../../../../formats/origin-wire.ts";
import { createApp } from "../../../../../../lambda-origin/app.ts";
import { createInference } from "../../../../../../lambda-origin/infer.ts";
import { loadModel } from "../../../../../../lambda-origin/model.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { OnnxModel, OnnxNode } from "../../../../../../tools/spillway/model/graph/model.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { intsAttribute, tensorValue } from "../../../../../../tools/spillway/model/graph/nodes.ts";
import { int64, wholeNumbersOf } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import { sampleIds } from "../../../../../../tools/spillway/model/pack/measure.ts";
import { signFolder } from "../../../../../../tools/spillway/model/sign/folder.ts";
import { generateKeyPair } from "../../../../../../tools/spillway/model/sign/keys.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
const GRAPHS = ["model.onnx", "model_quantized.onnx"];

async function changeGraphs(folder: string, change: (model: OnnxModel) => OnnxModel, files = GRAPHS): Promise<void> {
  for (const file of files) await writeModel(change(await readModel(join(folder, file))), join(folder, file));
}

/** A graph of opset 13 in the words of opset 11: Unsqueeze has its axes as an attribute. */
function toOpset11({ graph, ...model }: OnnxModel): OnnxModel {
  const axesOf = (name: string) => wholeNumbersOf(graph.initializer.find((one) => one.name === name) ?? never()) ?? [];
  const node = graph.node.map((one): OnnxNode => {
    const [data = "", axes = ""] = one.input;
    if (one.opType !== "Unsqueeze") return one;
    return { ...one, input: [data], attribute: [intsAttribute("axes", axesOf(axes))] };
  });
  return { ...model, opsetImport: [{ domain: "", version: int64(11) }], graph: { ...graph, node } };
}

function never(): never {
  throw new Error("the axes are a constant");
}

async function originLogits(out: string, tokenIds: number[]): Promise<number[]> {
  const infer = await createInference(await readFile(join(out, "origin.onnx")), 3);
  return (await infer([tokenIds]))[0] ?? [];
}

/** Adds outputs before the logits, as `output_hidden_states` does, and renames them. */
function withOutputs(before: readonly string[], logits: string) {
  return ({ graph, ...model }: OnnxModel): OnnxModel => {
    const hidden = graph.node.find(({ opType }) => opType === "LayerNormalization")?.output[0] ?? "";
    const node = graph.node.flatMap((one) => {
      const output = one.output.map((name) => (name === "logits" ? logits : name));
      return [{ ...one, output }];
    });
    const more = before.map((name) => ({
      ...(node[0] ?? never()),
      opType: "Identity",
      input: [hidden],
      output: [name],
      name,
      attribute: [],
    }));
    const output = [...before.map((name) => tensorValue(name, 1, ["b", "t", 32])), tensorValue(logits, 1, ["b", 3])];
    return { ...model, graph: { ...graph, node: [...node, ...more], output } };
  };
}

describe("operator sets and outputs", () => {
  it.each([
    ["opset 11", 13, toOpset11],
    [
      "opset 20, the default of torch 2.13, with hidden states before the logits",
      20,
      withOutputs(["last_hidden_state"], "logits"),
    ],
    ["opset 21, with outputs of other names", 21, withOutputs(["output_0"], "output_1")],
  ])("%s: both engines and the origin compute the logits", async (what, opset, change) => {
    const name = what.replaceAll(/\W+/g, "-");
    const folder = scratch.path(name);
    await writeDistilbertFolder(folder, { ...SMALL, opset });
    const plain = await createInference(await readFile(join(folder, "model.onnx")), 3);
    await changeGraphs(folder, change);
    const out = scratch.path(`${name}-package`);
    const { manifest, edge: report } = await quickPack({ folder, out, maxTokens: 16, withFallback: true });
    expect(manifest).toMatchObject({
      edge: { engine: "spillway-engine" },
      edgeFallback: { engine: "onnxruntime-web" },
    });
    for (const { mean, spread } of report?.gaps ?? []) expect(mean).toBeLessThan(spread / 4);
    const ids = sampleIds(12, 200);
    const packed = await originLogits(out, ids);
    for (const [index, logit] of ((await plain([ids]))[0] ?? []).entries()) expect(packed[index]).toBeCloseTo(logit, 4);
  });

  it("one output of another name is the logits", async () => {
    const folder = await scratch.model("output");
    await changeGraphs(folder, withOutputs([], "output"));
    const out = scratch.path("output-package");
    await quickPack({ folder, out, originOnly: true });
    expect(await originLogits(out, sampleIds(12, 200))).toHaveLength(3);
  });

  it("that may both be the logits are refused with their shapes", async () => {
    const folder = await scratch.model("two");
    await changeGraphs(folder, withOutputs([], "one"), ["model.onnx"]);
    await changeGraphs(
      folder,
      (model) => {
        const copy = { ...(model.graph.node.at(-1) ?? never()), input: ["one"], output: ["two"], name: "two" };
        const output = [...model.graph.output, tensorValue("two", 1, ["b", 3])];
        return { ...model, graph: { ...model.graph, node: [...model.graph.node, copy], output } };
      },
      ["model.onnx"],
    );
    await expect(quickPack({ folder, out: scratch.path("refused"), originOnly: true })).rejects.toThrow(
      /has the outputs one \[1, 3\] and two \[1, 3\], and more than one has the shape \[1, 3\] of one text's logits/,
    );
  });
});

describe("a tokenizer without special tokens", () => {
  it("is packed, frames nothing at either side, and its windows lose no token", async () => {
    const folder = scratch.path("frameless");
    await writeDistilbertFolder(folder, { ...SMALL, positions: 512, quantized: false });
    const path = join(folder, "tokenizer.json");
    const tokenizer = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...tokenizer, post_processor: null, added_tokens: [] }));
    await writeFile(
      join(folder, "tokenizer_config.json"),
      JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast" }),
    );
    const out = scratch.path("frameless-package");
    const { manifest } = await quickPack({ folder, out, maxTokens: 32 });
    expect(manifest.edge?.engine).toBe("spillway-engine");
    const { frame, encode } = createTokenizer(await readFile(join(out, "tokenizer.json"), "utf8"), "{}");
    expect(frame).toEqual({ before: [], after: [] });
    expect(encode("a b c")).toHaveLength(3);

    const { privateKey, publicKey } = generateKeyPair();
    await signFolder(out, privateKey);
    const loaded = await loadModel({ folder: out, publicKeyPem: publicKey });
    const ask = (text: string) =>
      createApp(loaded).request("/", { method: "POST", body: JSON.stringify({ text, maxTokens: 16_384 }) });
    const { windows } = originAnswerSchema.parse(await (await ask("a ".repeat(513))).json());
    expect(windows.map(({ tokens }) => tokens)).toEqual([256, 257]);
    // There is nothing to run: the caller's mistake, and not the origin's.
    expect((await ask("")).status).toBe(400);
  });
});
