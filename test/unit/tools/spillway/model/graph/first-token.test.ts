/** The last layer for the first token alone: on real exports of both exporters, and on graphs where it must not be done. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { compareLogits, gapBetween } from "../../../../../../tools/spillway/model/graph/compare-logits.ts";
import { dimensionOf, type TensorShape } from "../../../../../../tools/spillway/model/graph/dimension.ts";
import { computeFirstTokenOnly } from "../../../../../../tools/spillway/model/graph/first-token.ts";
import type { OnnxModel, OnnxNode } from "../../../../../../tools/spillway/model/graph/model.ts";
import { readModel, writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { makeNode, tensorValue } from "../../../../../../tools/spillway/model/graph/nodes.ts";
import { observeShapes } from "../../../../../../tools/spillway/model/graph/observe-shapes.ts";
import { removeUnusedNodes } from "../../../../../../tools/spillway/model/graph/remove-unused-nodes.ts";
import { elementType, int64Tensor } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import { textInputsOf } from "../../../../../../tools/spillway/model/graph/text-inputs.ts";
import { rewriteIfEquivalent } from "../../../../../../tools/spillway/model/pack/first-token-graph.ts";
import { scratchFolder, vector } from "./scratch.ts";

const scratch = scratchFolder();
const out = join(scratch, "first-token.onnx");
const exported = (await readdir(vector("."))).filter((name) => name.endsWith(".onnx") && !/int8|fused/.test(name));
const plain = vector("distilbert-17-eager-script.onnx");

const shapesOf = (model: OnnxModel) => observeShapes(model, textInputsOf(model.graph));
const widthOf = (shape: TensorShape | undefined) => shape?.map((one) => (one?.length === 1 ? "tokens" : one?.factor));

describe("firstTokenOnlyIfExact", () => {
  it.each(exported)("%s: six matrix products of the last layer see one row, and the logits stay", async (name) => {
    const result = await rewriteIfEquivalent(vector(name), out);
    if (!result.changed) expect.fail(result.reason);
    // Query, scores, mixed values, attention output and the feed-forward's two; keys and values are needed of all tokens.
    expect(result.savedNodes).toHaveLength(6);
    expect(result.largestGap).toBeLessThan(1e-5);
    expect(result.tokens).toEqual(expect.arrayContaining([1, 2, 3, 17, 40]));
    expect(result.multiplications.after).toBeLessThan(0.6 * result.multiplications.before);

    const model = await readModel(out);
    const shapes = await shapesOf(model);
    const outputs = model.graph.node.filter((node) => result.savedNodes.includes(node.name || (node.output[0] ?? "")));
    expect(outputs).toHaveLength(6);
    for (const node of outputs) expect(widthOf(shapes.get(node.output[0] ?? ""))?.at(-2), node.name).toBe(1);
    // The other layer still sees all tokens.
    const others = model.graph.node.filter((node) => node.opType === "MatMul" && !outputs.includes(node));
    const whole = others.filter((node) => widthOf(shapes.get(node.output[0] ?? ""))?.at(-2) === "tokens");
    expect(whole.length).toBeGreaterThanOrEqual(8);
  });

  it("of an INT8 file narrows what comes after the last quantization of all rows", async () => {
    const result = await rewriteIfEquivalent(vector("distilbert-17-int8.onnx"), out);
    expect(result).toMatchObject({ changed: true, savedNodes: [expect.stringContaining("lin2")] });
  });

  it("of a graph with fused attention narrows what comes after it", async () => {
    const result = await rewriteIfEquivalent(vector("bert-15-fused.onnx"), out);
    const afterAttention = ["attention/output", "intermediate", "output"].map((part) => expect.stringContaining(part));
    expect(result.changed && result.savedNodes.toReversed()).toEqual(afterAttention);
  });

  it("of a graph as onnxruntime optimizes it narrows all six products", async () => {
    const optimized = join(scratch, "optimized.onnx");
    await InferenceSession.create(plain, {
      graphOptimizationLevel: "extended",
      optimizedModelFilePath: optimized,
      logSeverityLevel: 4,
    });
    const result = await rewriteIfEquivalent(optimized, out);
    expect(result.changed && result.savedNodes.length).toBe(6);
  });

  it("leaves no other file behind, and says what it does", async () => {
    const lines: string[] = [];
    await rewriteIfEquivalent(plain, out, (line) => lines.push(line));
    expect((await readdir(scratch)).filter((name) => name.includes("candidate"))).toEqual([]);
    expect(lines.length).toBeGreaterThan(1);
  });

  it("is the same file each time", async () => {
    await rewriteIfEquivalent(plain, out);
    const once = await readFile(out);
    await rewriteIfEquivalent(plain, out);
    expect(Buffer.compare(once, await readFile(out))).toBe(0);
  });

  it("keeps the shape that is read of a tensor which is narrowed", async () => {
    const model = await readModel(plain);
    const query = model.graph.node.find(({ name }) => name?.endsWith("layer.1/attention/q_lin/Add"))?.output[0] ?? "";
    const node = [...model.graph.node, makeNode("Shape", [query], ["told"])];
    const output = [...model.graph.output, tensorValue("told", elementType.int64, [3])];
    const path = join(scratch, "told.onnx");
    await writeModel({ ...model, graph: { ...model.graph, node, output } }, path);
    const result = await rewriteIfEquivalent(path, out);
    expect(result.changed && result.savedNodes.length).toBe(6);
  });

  it("no longer describes tensors that have become narrow", async () => {
    const described = vector("distilbert-18-eager-dynamo.onnx");
    const result = await rewriteIfEquivalent(described, out);
    const { graph } = await readModel(out);
    const before = new Set((await readModel(described)).graph.valueInfo.map(({ name }) => name));
    const after = new Set(graph.valueInfo.map(({ name }) => name));
    const narrow = graph.node.filter(({ name = "" }) => result.changed && result.savedNodes.includes(name));
    for (const { output } of narrow) {
      expect(before).toContain(output[0]);
      expect(after).not.toContain(output[0]);
    }
    expect(after.size).toBeGreaterThan(10);
  });

  it("finds nothing more to do in its own output", async () => {
    await rewriteIfEquivalent(plain, out);
    const again = await rewriteIfEquivalent(out, join(scratch, "twice.onnx"));
    expect(again).toEqual({ changed: false, reason: expect.stringContaining("first token") });
  });

  it("leaves no dead weights, nodes or descriptions of tensors that changed", async () => {
    await rewriteIfEquivalent(plain, out);
    const { graph } = await readModel(out);
    const read = new Set([...graph.node.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name)]);
    expect(graph.initializer.filter(({ name }) => !read.has(name ?? ""))).toEqual([]);
    expect(graph.node.filter(({ output }) => !output.some((name) => read.has(name)))).toEqual([]);
    await expect(InferenceSession.create(out)).resolves.toBeDefined();
  });
});

describe("the comparison", () => {
  const small = { layers: 1, dim: 8, heads: 2, hidden: 8, vocabulary: 128, positions: 20, quantized: false } as const;

  it("sees other weights, and a graph that refuses what the first one takes", async () => {
    const folders = ["seed-1", "seed-2", "short"].map((name) => join(scratch, name));
    const [one = "", other = "", short = ""] = folders.map((folder) => join(folder, "model.onnx"));
    await writeDistilbertFolder(join(scratch, "seed-1"), small);
    await writeDistilbertFolder(join(scratch, "seed-2"), { ...small, seed: 2 });
    await writeDistilbertFolder(join(scratch, "short"), { ...small, positions: 10 });
    const inputs = textInputsOf((await readModel(one)).graph);
    expect(await compareLogits(one, one, inputs)).toEqual({ largestGap: 0, tokens: [1, 2, 3, 17, 18, 20] });
    expect((await compareLogits(one, other, inputs)).largestGap).toBeGreaterThan(0.01);
    expect((await compareLogits(one, short, inputs)).largestGap).toBe(Number.POSITIVE_INFINITY);
  });

  it("keeps the original of a model whose logits are no numbers", async () => {
    const model = await readModel(plain);
    const spoilt = model.graph.initializer.map((tensor) =>
      tensor.name?.endsWith("classifier.bias")
        ? { ...tensor, rawData: Buffer.alloc(tensor.rawData?.length ?? 0, 0xff) }
        : tensor,
    );
    const path = join(scratch, "spoilt.onnx");
    await writeModel({ ...model, graph: { ...model.graph, initializer: spoilt } }, path);
    const result = await rewriteIfEquivalent(path, join(scratch, "spoilt-out.onnx"));
    expect(result).toEqual({ changed: false, reason: "Its logits differed by Infinity; 0.0001 is allowed." });
    expect(await readdir(scratch)).not.toContain("spoilt-out.onnx");
  });
});

describe("a graph that is left alone", () => {
  async function reasonFor(change: (model: OnnxModel) => OnnxModel): Promise<string> {
    const path = join(scratch, "odd.onnx");
    await writeModel(change(await readModel(plain)), path);
    const result = await rewriteIfEquivalent(path, join(scratch, "never.onnx"));
    expect(await readdir(scratch)).not.toContain("never.onnx");
    return result.changed ? "changed" : result.reason;
  }

  it("is one whose last hidden state comes from a fused operator that computes all rows", async () => {
    const model = await readModel(plain);
    const fused = (node: OnnxNode) =>
      node.opType === "LayerNormalization" ? { ...node, opType: "Decoder", domain: "com.microsoft" } : node;
    const odd = { ...model, graph: { ...model.graph, node: model.graph.node.map(fused) } };
    expect(computeFirstTokenOnly(odd, await shapesOf(model))).toEqual({
      leftAlone:
        "It is made of fused operators (Decoder), which compute all rows; export it without the graph optimizer.",
    });
  });

  it("is one whose head averages the tokens", async () => {
    const reason = await reasonFor((model) => ({
      ...model,
      graph: {
        ...model.graph,
        node: model.graph.node.map((node) =>
          node.opType === "Gather" && node.output[0] === readOf(model)
            ? { ...node, opType: "ReduceMean", input: [node.input[0] ?? ""], attribute: [axes1(node), keepdims0(node)] }
            : node,
        ),
      },
    }));
    expect(reason).toBe("Nothing in it reads the first token's row alone.");
  });

  it("is one that wants other inputs", async () => {
    const reason = await reasonFor((model) => ({
      ...model,
      graph: {
        ...model.graph,
        input: model.graph.input.map((one) => (one.name === "attention_mask" ? { ...one, name: "pixels" } : one)),
        node: model.graph.node.map((node) => ({
          ...node,
          input: node.input.map((name) => (name === "attention_mask" ? "pixels" : name)),
        })),
      },
    }));
    expect(reason).toMatch(/^It takes an input "pixels"/);
  });

  it("is one that gives its last hidden state too", async () => {
    const reason = await reasonFor((model) => {
      const hidden = model.graph.node.find((node) => node.output[0] === readOf(model))?.input[0] ?? "";
      const output = [...model.graph.output, { name: hidden, metadataProps: [] }];
      return { ...model, graph: { ...model.graph, output } };
    });
    expect(reason).toBe("No matrix product stands between the first token's row and what needs all rows.");
  });

  it("is one of an operator set before 13", async () => {
    const model = await readModel(plain);
    const old = { ...model, opsetImport: [{ domain: "", version: { low: 12, high: 0, unsigned: false } }] };
    expect(computeFirstTokenOnly(old, await shapesOf(model))).toEqual({
      leftAlone: expect.stringContaining("operator set 12"),
    });
  });

  /** The tensor that the head reads: the first token's row. */
  function readOf({ graph }: OnnxModel): string {
    const heads = graph.node.filter(({ opType, name }) => opType === "Gather" && !name?.includes("/transformer/"));
    return heads.at(-1)?.output[0] ?? "";
  }
  const axes1 = (node: OnnxNode) => intsLike(node, "axes", [1]);
  const keepdims0 = (node: OnnxNode) => ({
    ...intsLike(node, "keepdims", []),
    type: 2,
    i: zero,
  });
  const zero = { low: 0, high: 0, unsigned: false };
  function intsLike({ attribute: [first] }: OnnxNode, name: string, values: number[]) {
    if (first === undefined) throw new Error("the read has an axis");
    const { i: _, ...rest } = first;
    return { ...rest, name, type: 7, ints: values.map((low) => ({ low, high: 0, unsigned: false })) };
  }
});

describe("what is generated for benches", () => {
  const small = { layers: 2, dim: 32, heads: 4, hidden: 64, vocabulary: 200, positions: 24 } as const;
  it.each([
    ["distilbert", 17],
    ["distilbert", 14],
    ["bert", 17],
    ["roberta", 16],
  ] as const)("%s at operator set %d is narrowed too", async (family, opset) => {
    const folder = join(scratch, `${family}-${opset}`);
    await writeDistilbertFolder(folder, { ...small, family, opset });
    const full = await rewriteIfEquivalent(join(folder, "model.onnx"), out);
    expect(full).toMatchObject({ changed: true });
    expect(full.changed && full.savedNodes.length).toBe(6);
    expect(full.changed && full.tokens).toContain(24);
    const int8 = await rewriteIfEquivalent(join(folder, "model_quantized.onnx"), out);
    expect(int8.changed && int8.savedNodes.length).toBe(1);
  });
});

describe("withoutDead", () => {
  it("drops what no output depends on: nodes, weights, and the inputs that only name weights", async () => {
    const { graph } = await readModel(plain);
    const node = [makeNode("Neg", ["unused weight"], ["a"]), makeNode("Neg", ["a"], ["b"]), ...graph.node];
    const initializer = [...graph.initializer, int64Tensor("unused weight", [1])];
    const input = [...graph.input, tensorValue("unused weight", elementType.int64, [1])];
    const cleaned = removeUnusedNodes({ ...graph, node, initializer, input });
    expect(cleaned.node).toEqual(graph.node);
    expect(cleaned.initializer).toEqual(graph.initializer);
    expect(cleaned.input).toEqual(graph.input);
  });
});

describe("gapBetween", () => {
  it.each([
    ["equal logits", [1, 2], [1, 2], 0],
    ["the largest difference", [1, 2], [1.5, 0], 2],
    ["NaN in one", [1, 2], [1, Number.NaN], Number.POSITIVE_INFINITY],
    ["NaN in both", [Number.NaN], [Number.NaN], Number.POSITIVE_INFINITY],
    ["infinity in both", [Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    ["another number of logits", [1, 2], [1], Number.POSITIVE_INFINITY],
  ])("is right for %s", (_, expected, actual, gap) => {
    expect(gapBetween([expected], [actual])).toBe(gap);
  });

  it("is infinite when a graph gave nothing", () => {
    expect(gapBetween([[1]], undefined)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("dimensionOf", () => {
  const runs = [
    { batch: 2, length: 3 },
    { batch: 1, length: 5 },
    { batch: 3, length: 4 },
  ];
  it.each([
    ["a constant", () => 12, { factor: 12, batch: 0, length: 0 }],
    ["texts", (batch: number) => batch, { factor: 1, batch: 1, length: 0 }],
    ["tokens", (_: number, length: number) => length, { factor: 1, batch: 0, length: 1 }],
    ["heads of all texts", (batch: number) => 4 * batch, { factor: 4, batch: 1, length: 0 }],
    ["pairs of tokens", (_: number, length: number) => length * length, { factor: 1, batch: 0, length: 2 }],
    ["one more than the tokens", (_: number, length: number) => length + 1, null],
  ])("knows %s", (_, value, expected) => {
    expect(dimensionOf(runs.map((run) => ({ ...run, value: value(run.batch, run.length) })))).toEqual(expected);
  });
});
