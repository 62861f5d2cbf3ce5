/** Models that cannot be packed: one sentence with the next step, and no files left behind. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { decodeModel, encodeModel } from "../../../../../../tools/spillway/model/graph/codec.ts";
import type { OnnxModel } from "../../../../../../tools/spillway/model/graph/model.ts";
import { makeNode, tensorValue } from "../../../../../../tools/spillway/model/graph/nodes.ts";
import { int64 } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import type { PackOptions } from "../../../../../../tools/spillway/model/pack/pack.ts";
import { quickPack, SMALL, useScratch } from "./scratch.ts";

const scratch = useScratch();
afterEach(() => vi.unstubAllEnvs());

type Bend = (folder: string) => Promise<unknown>;

const without =
  (file: string): Bend =>
  (folder) =>
    rm(join(folder, file));
const replaced =
  (file: string, content: string | Uint8Array): Bend =>
  (folder) =>
    writeFile(join(folder, file), content);

const config =
  (change: Record<string, unknown>): Bend =>
  async (folder) => {
    const whole = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...whole, ...change }));
  };

const graph =
  (file: string, change: (model: OnnxModel) => OnnxModel): Bend =>
  async (folder) => {
    const model = decodeModel(await readFile(join(folder, file)), file);
    await writeFile(join(folder, file), encodeModel(change(model)));
  };

const renamedOutput = (name: string) => (model: OnnxModel) => ({
  ...model,
  graph: { ...model.graph, output: model.graph.output.map((output) => ({ ...output, name })) },
});

/** The logits go through an operator that does not exist. */
const strangeOperator = (model: OnnxModel): OnnxModel => {
  const renamed = (name: string) => (name === "logits" ? "almost" : name);
  const node = model.graph.node.map((one) => ({ ...one, output: one.output.map(renamed) }));
  const strange = { ...makeNode("Frobnicate", ["almost"], ["logits"]), name: "strange", domain: "com.acme" };
  return {
    ...model,
    opsetImport: [...model.opsetImport, { domain: "com.acme" }],
    graph: { ...model.graph, node: [...node, strange] },
  };
};

const cut: Bend = async (folder) => {
  const path = join(folder, "model.onnx");
  await writeFile(path, (await readFile(path)).subarray(0, 100_000));
};

const ofOpset = (version: number) => (model: OnnxModel) => ({
  ...model,
  opsetImport: [{ domain: "", version: int64(version) }],
});

/** Another activation before the output layer. */
const sigmoidHead = (model: OnnxModel): OnnxModel => {
  const node = model.graph.node.map((one) => (one.opType === "Relu" ? { ...one, opType: "Sigmoid" } : one));
  return { ...model, graph: { ...model.graph, node } };
};

const onnx = { engine: "onnxruntime-web" } as const;

const refusals: [string, Bend, RegExp, Partial<PackOptions>?][] = [
  ["no config.json", without("config.json"), /config\.json is missing; save it with AutoConfig/],
  ["a broken config.json", replaced("config.json", "{"), /config\.json is not JSON/],
  [
    "no tokenizer.json",
    without("tokenizer.json"),
    /tokenizer\.json is missing; make it with AutoTokenizer\.from_pretrained\(.*use_fast=True\)\.save_pretrained\(/,
  ],
  [
    "a tokenizer.json that is not a tokenizer",
    replaced("tokenizer.json", "{}"),
    /tokenizer\.json is not a fast tokenizer/,
  ],
  [
    "a tokenizer with more tokens than the model",
    config({ vocab_size: 150 }),
    /has a token 199, but the model's vocabulary ends at 149/,
  ],
  [
    "no model.onnx",
    without("model.onnx"),
    /has neither model\.onnx nor onnx\/model\.onnx; export the model with optimum-cli/,
  ],
  ["a model.onnx that is not a model", replaced("model.onnx", "not a model"), /model\.onnx is not an ONNX file/],
  ["an empty model.onnx", replaced("model.onnx", ""), /model\.onnx is not an ONNX file/],
  ["a truncated model.onnx", cut, /model\.onnx is not an ONNX file: .*cut off/],
  [
    "an INT8 file that is not a model",
    replaced("model_quantized.onnx", "not a model"),
    /model_quantized\.onnx is not an ONNX file/,
    onnx,
  ],
  ["an INT8 file that does not exist", async () => {}, /There is no file nowhere\.onnx/, { quantized: "nowhere.onnx" }],
  ["a regression", config({ problem_type: "regression" }), /is for a regression model/],
  ["one label", config({ id2label: { 0: "score" } }), /is for a regression model/],
  ["fewer labels than logits", config({ id2label: { 0: "a", 1: "b" } }), /has 2 labels, but .* returns 3 logits/],
  ["an opset that is too old", graph("model.onnx", ofOpset(10)), /uses opset 10; allowed are 11 to 21/],
  [
    "an INT8 file of an opset that is too new",
    graph("model_quantized.onnx", ofOpset(22)),
    /uses opset 22; allowed are 11 to 21/,
    onnx,
  ],
  [
    "an encoder",
    graph("model.onnx", renamedOutput("last_hidden_state")),
    /has the output last_hidden_state instead of logits/,
  ],
  [
    "an unknown input",
    graph("model.onnx", (model) => ({
      ...model,
      graph: { ...model.graph, input: [...model.graph.input, tensorValue("pixel_values", 1, ["batch", "tokens"])] },
    })),
    /has the inputs pixel_values; a text classifier's inputs are input_ids, attention_mask, token_type_ids/,
  ],
  [
    "one row of logits per token",
    graph("model.onnx", (model) => ({
      ...model,
      graph: { ...model.graph, output: [tensorValue("logits", 1, ["batch", "tokens", 3])] },
    })),
    /\[batch, tokens, labels\], one row per token/,
  ],
  [
    "texts of a fixed length",
    graph("model.onnx", (model) => ({
      ...model,
      graph: { ...model.graph, input: model.graph.input.map(({ name }) => tensorValue(name, 7, [1, 128])) },
    })),
    /of the fixed shape \[1, 128\]; export it with dynamic axes/,
  ],
  [
    "an operator that the origin does not have",
    graph("model.onnx", strangeOperator),
    /The origin's ONNX Runtime has no operator com\.acme:Frobnicate/,
  ],
  [
    "an operator that the edge does not have",
    graph("model_quantized.onnx", strangeOperator),
    /The edge's ONNX Runtime has no operator com\.acme:Frobnicate, .*--quantized, or pack for the origin only with --origin-only/,
    onnx,
  ],
  [
    "an INT8 file of another model",
    (folder) => writeDistilbertFolder(`${folder}/other`, { ...SMALL, labels: ["a", "b"] }),
    /returns 2 logits .* its FP32 model 3/,
    { quantized: "other/model_quantized.onnx", ...onnx },
  ],
  [
    "an INT8 file that spillway-engine would not use",
    (folder) => writeDistilbertFolder(`${folder}/other`, SMALL),
    /--quantized names onnxruntime-web's file, but spillway-engine serves this model .* Add --with-fallback or --engine onnxruntime-web/,
    { quantized: "other/model_quantized.onnx" },
  ],
  [
    "an INT8 file for --engine spillway-engine",
    (folder) => writeDistilbertFolder(`${folder}/other`, SMALL),
    /--quantized names onnxruntime-web's file, and --engine spillway-engine does not use it; add --with-fallback/,
    { quantized: "other/model_quantized.onnx", engine: "spillway-engine" },
  ],
  [
    "an INT8 file for the origin only",
    (folder) => writeDistilbertFolder(`${folder}/other`, SMALL),
    /--quantized is for the edge, and --origin-only makes no edge file/,
    { quantized: "other/model_quantized.onnx", originOnly: true },
  ],
  [
    "a fallback for onnxruntime-web",
    async () => {},
    /--with-fallback stores onnxruntime-web's file beside spillway-engine's/,
    { withFallback: true, ...onnx },
  ],
  [
    "spillway-engine for a graph that it does not know",
    graph("model.onnx", sigmoidHead),
    /^spillway-engine cannot serve .*model\.onnx\. The head has an activation other than GELU, ReLU and tanh\. Pack it for onnxruntime-web: --engine onnxruntime-web\.$/,
    { engine: "spillway-engine" },
  ],
  ["an invalid name", async () => {}, /"Upper Case" is not a valid model name/, { name: "Upper Case" }],
];

describe("refused, with nothing left behind", () => {
  it.each(refusals)("%s", async (what, bend, sentence, options = {}) => {
    const name = what.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase();
    const folder = await scratch.model(name);
    await bend(folder);
    const quantized = options.quantized?.startsWith("other/") ? join(folder, options.quantized) : options.quantized;
    const before = await readdir(scratch.path("."));
    const packing = quickPack({ folder, out: scratch.path("refused"), maxTokens: 16, ...options, quantized });
    const error = await packing.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    if (!(error instanceof Error)) return;
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain("\n");
    expect(await readdir(scratch.path("."))).toEqual(before);
  });

  it("a folder that does not exist", async () => {
    await expect(quickPack({ folder: "nowhere", out: scratch.path("refused") })).rejects.toThrow(
      "There is no folder nowhere; pass the folder of a model.",
    );
  });

  it("a package in the model's own folder", async () => {
    const folder = await scratch.model("own-folder");
    await expect(quickPack({ folder, out: folder })).rejects.toThrow(/is the model's own folder/);
  });

  it("a file in place of the package's folder", async () => {
    const folder = await scratch.model("to-a-file");
    await writeFile(scratch.path("file"), "");
    await expect(quickPack({ folder, out: scratch.path("file") })).rejects.toThrow(/is a file; pass a folder/);
  });

  it("no INT8 file and no quantizer, with the commands that make the file", async () => {
    vi.stubEnv("SPILLWAY_PYTHON", "/nonexistent/python3");
    const folder = await scratch.model("no-python");
    await rm(join(folder, "model_quantized.onnx"));
    await expect(quickPack({ folder, out: scratch.path("refused"), ...onnx })).rejects.toThrow(
      `/nonexistent/python3 -m pip install onnx==1.23.2 onnxruntime==1.32.0 && /nonexistent/python3 tools/spillway/model/pack/quantize.py ` +
        `${join(folder, "model.onnx")} ${join(folder, "model_quantized.onnx")}`,
    );
  });
});
