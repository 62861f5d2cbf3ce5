/** The reader on graphs of both of torch's exporters, on what it must refuse, and on graphs that almost are an encoder's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { classifierModel } from "../../../../../../tools/bench/distilbert/classifier.ts";
import { completeShape, type DistilbertShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { readEncoder } from "../../../../../../tools/spillway/model/encoder/read-encoder.ts";
import type { OnnxModel, OnnxNode } from "../../../../../../tools/spillway/model/graph/model.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { intAttribute, makeNode, tensorValue } from "../../../../../../tools/spillway/model/graph/nodes.ts";
import { floatTensor } from "../../../../../../tools/spillway/model/graph/tensors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-encoder-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vector = (file: string) => fileURLToPath(new URL(`../../../../../vectors/onnx/${file}`, import.meta.url));

async function architectureOf(file: string) {
  const read = await readEncoder(await readModel(vector(file)), vector(file));
  return "refusal" in read ? read.refusal : read.weights.architecture;
}

const bert = { tokenTypes: 2, padToken: null, positions: 40, activation: "gelu-erf", headActivation: "tanh" };
const distilbert = { ...bert, tokenTypes: 1, headActivation: "relu" };
const roberta = { ...bert, tokenTypes: 1, padToken: 1, positions: 41 };

describe("an exported graph", () => {
  it.each([
    ["distilbert-14-eager-script.onnx", distilbert],
    ["distilbert-16-sdpa-script.onnx", distilbert],
    ["distilbert-17-eager-script.onnx", distilbert],
    ["distilbert-17-external.onnx", distilbert],
    ["distilbert-18-eager-dynamo.onnx", distilbert],
    ["distilbert-18-sdpa-dynamo.onnx", distilbert],
    ["bert-14-sdpa-script.onnx", bert],
    ["bert-15-eager-script.onnx", bert],
    ["bert-15-fused.onnx", bert],
    ["bert-18-eager-dynamo.onnx", bert],
    ["bert-18-sdpa-script.onnx", bert],
    ["minilm-17-sdpa-script.onnx", { ...bert, activation: "gelu-tanh" }],
    ["electra-16-eager-script.onnx", { ...bert, embeddingWidth: 8, headActivation: "gelu-erf" }],
    ["albert-17-sdpa-script.onnx", { ...bert, embeddingWidth: 8, activation: "gelu-tanh", sharesLayers: true }],
    ["roberta-14-eager-script.onnx", roberta],
    ["roberta-17-sdpa-script.onnx", roberta],
    ["roberta-18-sdpa-dynamo.onnx", roberta],
  ])("%s gives heads, positions, activations and epsilon", async (file, expected) => {
    const common = {
      vocabulary: 50,
      width: 16,
      heads: 2,
      headSize: 8,
      feedForward: 24,
      layers: 2,
      sharesLayers: false,
    };
    expect(await architectureOf(file)).toMatchObject({ ...common, epsilon: Math.fround(1e-12), ...expected });
  });

  it("that is quantized is refused", async () => {
    expect(await architectureOf("distilbert-17-int8.onnx")).toBe(
      "It is quantized already (MatMulInteger), and the engine's weights are made from an FP32 file.",
    );
  });
});

const SHAPE = { layers: 2, dim: 32, heads: 2, hidden: 64, vocabulary: 200, positions: 40 };

/** Reads a generated classifier that was changed. */
async function read(change: (model: OnnxModel) => OnnxModel, shape: Partial<DistilbertShape> = {}) {
  const model = change(classifierModel(completeShape({ ...SHAPE, ...shape }), "fp32"));
  const path = join(folder, "model.onnx");
  await writeModel(model, path);
  return await readEncoder(model, path);
}

/** Puts a node between the `at`-th output of an operator and its readers. */
function behind(opType: string, at: number, make: (input: string, output: string) => OnnxNode) {
  return (model: OnnxModel): OnnxModel => {
    const target = model.graph.node.filter((node) => node.opType === opType).at(at);
    const name = target?.output[0] ?? "";
    const node = model.graph.node.flatMap((one) => {
      if (one === target) return [{ ...one, name: "before", output: ["before"] }, make("before", name)];
      return [one];
    });
    return { ...model, graph: { ...model.graph, node } };
  };
}

function replaced(opType: string, at: number, by: Partial<OnnxNode>) {
  return (model: OnnxModel): OnnxModel => {
    const target = model.graph.node.filter((node) => node.opType === opType).at(at);
    const node = model.graph.node.map((one) => (one === target ? { ...one, ...by } : one));
    return { ...model, graph: { ...model.graph, node } };
  };
}

function withConstant(name: string, dims: readonly number[], values: readonly number[]) {
  return ({ graph, ...model }: OnnxModel): OnnxModel => ({
    ...model,
    graph: { ...graph, initializer: [...graph.initializer, floatTensor(name, dims, Float32Array.from(values))] },
  });
}

describe("a graph that almost is an encoder's", () => {
  const ones = withConstant("extra", [32], Array(32).fill(0.5));
  const heads = withConstant("extra", [1, 2, 1, 1], [1, 1.5]);
  const cases: [string, (model: OnnxModel) => OnnxModel, RegExp][] = [
    [
      "one extra Add after a layer",
      (model) => behind("LayerNormalization", 2, (x, y) => makeNode("Add", [x, "extra"], [y]))(ones(model)),
      /^Its node ".*" \(Add\) does not fit into a BERT-like encoder\.$/,
    ],
    [
      "one head scaled differently",
      (model) => behind("Softmax", 1, (x, y) => makeNode("Mul", [x, "extra"], [y]))(heads(model)),
      /\(Mul\) does not fit into a BERT-like encoder/,
    ],
    [
      "a term that weights add to the scores, as MPNet's of two tokens' distance",
      (model) => {
        const node = heads(model).graph.node.flatMap((one) => {
          if (one.opType !== "Softmax") return [one];
          const [scores = ""] = one.input;
          const output = `${one.name} term`;
          return [makeNode("Add", [scores, "extra"], [output]), { ...one, input: [output] }];
        });
        return { ...model, graph: { ...heads(model).graph, node } };
      },
      /\(Add\) does not fit into a BERT-like encoder/,
    ],
    [
      "a swapped mask: it keeps the padding",
      replaced("Sub", 0, { opType: "Mul" }),
      /Its attention adds ".*" to the scores, which is not only a mask/,
    ],
    [
      "another activation in one layer",
      (model) => behind("Mul", -1, (x, y) => makeNode("Relu", [x], [y]))(model),
      /activation other than GELU, ReLU and tanh|different activations/,
    ],
    [
      "a second output",
      (model) => ({
        ...model,
        graph: { ...model.graph, output: [...model.graph.output, tensorValue("hidden", 1, ["b", "t", 32])] },
      }),
      /^It has a second output, "hidden"; export the logits only\.$/,
    ],
    [
      "dropout left in",
      (model) => {
        const training = makeNode("Cast", ["int_1"], ["training"], [intAttribute("to", 9)]);
        const dropped = behind("LayerNormalization", 1, (x, y) => makeNode("Dropout", [x, "", "training"], [y]))(model);
        return { ...dropped, graph: { ...dropped.graph, node: [training, ...dropped.graph.node] } };
      },
      /\(Dropout\) does not fit into a BERT-like encoder/,
    ],
    ["another epsilon in one layer", replaced("LayerNormalization", 1, { attribute: [] }), /different epsilons/],
    [
      "a head that reads the last token",
      replaced("Gather", -1, { input: ["/LayerNormalization_4", "ints_-1"] }),
      /\(Gather\) does not fit|does not read the first token|is missing/,
    ],
    [
      "a residual that is left out",
      replaced("Add", -8, { opType: "Sub" }),
      /does not fit|adds nothing|is not of BERT's form/,
    ],
    [
      "a softmax over the queries",
      replaced("Softmax", 0, { attribute: [intAttribute("axis", 2)] }),
      /\(Softmax\) does not fit/,
    ],
  ];
  it.each(cases)("is refused: %s", async (_, change, sentence) => {
    const result = await read(change);
    expect("refusal" in result ? result.refusal : "accepted").toMatch(sentence);
  });

  it("is accepted unchanged, in every family", async () => {
    for (const family of ["distilbert", "bert", "roberta"] as const) {
      for (const opset of [13, 17]) expect(await read((model) => model, { family, opset })).toHaveProperty("weights");
    }
  });

  it("is accepted with dropout that is switched off", async () => {
    const off = behind("LayerNormalization", 1, (x, y) => makeNode("Dropout", [x], [y]));
    expect(await read(off)).toHaveProperty("weights");
  });
});
