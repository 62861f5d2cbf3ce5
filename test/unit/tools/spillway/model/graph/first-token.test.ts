/** The last layer computes only the first token: on exports of both exporters, and not on graphs where that would be wrong. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import type { TensorShape } from "../../../../../../tools/spillway/model/graph/dimension.ts";
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

const shapesOf = async (model: OnnxModel) => (await observeShapes(model, textInputsOf(model.graph))).shapes;
const widthOf = (shape: TensorShape | undefined) => shape?.map((one) => (one?.length === 1 ? "tokens" : one?.factor));

describe("the rewritten model", () => {
  it.each(exported)(
    "%s: six matrix products of the last layer compute one row, and the logits do not change",
    async (name) => {
      const result = await rewriteIfEquivalent(vector(name), out);
      if (!result.changed) expect.fail(result.reason);
      // Query, scores, mixed values, attention output and the feed-forward's two; keys and values are needed for all tokens.
      expect(result.savedNodes).toHaveLength(6);
      expect(result.largestGap).toBeLessThan(1e-5);
      expect(result.tokens).toEqual(expect.arrayContaining([1, 2, 3, 17, 40]));
      expect(result.multiplications.after).toBeLessThan(0.6 * result.multiplications.before);

      const model = await readModel(out);
      const shapes = await shapesOf(model);
      const outputs = model.graph.node.filter((node) =>
        result.savedNodes.includes(node.name || (node.output[0] ?? "")),
      );
      expect(outputs).toHaveLength(6);
      for (const node of outputs) expect(widthOf(shapes.get(node.output[0] ?? ""))?.at(-2), node.name).toBe(1);
      // The other layer still computes all tokens.
      const others = model.graph.node.filter((node) => node.opType === "MatMul" && !outputs.includes(node));
      const whole = others.filter((node) => widthOf(shapes.get(node.output[0] ?? ""))?.at(-2) === "tokens");
      expect(whole.length).toBeGreaterThanOrEqual(8);
    },
  );

  it("of an INT8 file is narrowed after the last quantization of all rows", async () => {
    const result = await rewriteIfEquivalent(vector("distilbert-17-int8.onnx"), out);
    expect(result).toMatchObject({ changed: true, savedNodes: [expect.stringContaining("lin2")] });
  });

  it("of a graph with fused attention is narrowed after it", async () => {
    const result = await rewriteIfEquivalent(vector("bert-15-fused.onnx"), out);
    const afterAttention = ["attention/output", "intermediate", "output"].map((part) => expect.stringContaining(part));
    expect(result.changed && result.savedNodes.toReversed()).toEqual(afterAttention);
  });

  it("of a graph that onnxruntime optimized is narrowed in all six products", async () => {
    const optimized = join(scratch, "optimized.onnx");
    await InferenceSession.create(plain, {
      graphOptimizationLevel: "extended",
      optimizedModelFilePath: optimized,
      logSeverityLevel: 4,
    });
    const result = await rewriteIfEquivalent(optimized, out);
    expect(result.changed && result.savedNodes.length).toBe(6);
  });

  it("leaves no other file, and its progress is reported", async () => {
    const lines: string[] = [];
    await rewriteIfEquivalent(plain, out, (line) => lines.push(line));
    expect((await readdir(scratch)).filter((name) => name.includes("candidate"))).toEqual([]);
    expect(lines.length).toBeGreaterThan(1);
  });

  it("is the same file for each run", async () => {
    await rewriteIfEquivalent(plain, out);
    const once = await readFile(out);
    await rewriteIfEquivalent(plain, out);
    expect(Buffer.compare(once, await readFile(out))).toBe(0);
  });

  it("keeps the shape that the graph reads of a narrowed tensor", async () => {
    const model = await readModel(plain);
    const query = model.graph.node.find(({ name }) => name?.endsWith("layer.1/attention/q_lin/Add"))?.output[0] ?? "";
    const node = [...model.graph.node, makeNode("Shape", [query], ["shape"])];
    const output = [...model.graph.output, tensorValue("shape", elementType.int64, [3])];
    const path = join(scratch, "shape.onnx");
    await writeModel({ ...model, graph: { ...model.graph, node, output } }, path);
    const result = await rewriteIfEquivalent(path, out);
    expect(result.changed && result.savedNodes.length).toBe(6);
  });

  it("does not record types of narrowed tensors", async () => {
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

  it("is unchanged by a second rewrite", async () => {
    await rewriteIfEquivalent(plain, out);
    const again = await rewriteIfEquivalent(out, join(scratch, "twice.onnx"));
    expect(again).toEqual({ changed: false, reason: expect.stringContaining("first token") });
  });

  it("has no unused weights or nodes, and no recorded types of tensors that changed", async () => {
    await rewriteIfEquivalent(plain, out);
    const { graph } = await readModel(out);
    const read = new Set([...graph.node.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name)]);
    expect(graph.initializer.filter(({ name }) => !read.has(name ?? ""))).toEqual([]);
    expect(graph.node.filter(({ output }) => !output.some((name) => read.has(name)))).toEqual([]);
    await expect(InferenceSession.create(out)).resolves.toBeDefined();
  });
});

describe("a graph is unchanged", () => {
  async function reasonFor(change: (model: OnnxModel) => OnnxModel): Promise<string> {
    const path = join(scratch, "odd.onnx");
    await writeModel(change(await readModel(plain)), path);
    const result = await rewriteIfEquivalent(path, join(scratch, "never.onnx"));
    expect(await readdir(scratch)).not.toContain("never.onnx");
    return result.changed ? "changed" : result.reason;
  }

  it("when its last hidden state comes from a fused operator that computes all rows", async () => {
    const model = await readModel(plain);
    const fused = (node: OnnxNode) =>
      node.opType === "LayerNormalization" ? { ...node, opType: "Decoder", domain: "com.microsoft" } : node;
    const odd = { ...model, graph: { ...model.graph, node: model.graph.node.map(fused) } };
    expect(computeFirstTokenOnly(odd, await shapesOf(model))).toEqual({
      unchanged:
        "It contains fused operators (Decoder), which compute all rows; export it without the graph optimizer.",
    });
  });

  it("when its head averages the tokens", async () => {
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
    expect(reason).toBe("No operator of the model reads only the first token's row.");
  });

  it("when it has other inputs", async () => {
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
    expect(reason).toMatch(/^It has an input "pixels"/);
  });

  it("when its last hidden state is an output", async () => {
    const reason = await reasonFor((model) => {
      const hidden = model.graph.node.find((node) => node.output[0] === readOf(model))?.input[0] ?? "";
      const output = [...model.graph.output, { name: hidden, metadataProps: [] }];
      return { ...model, graph: { ...model.graph, output } };
    });
    expect(reason).toBe(
      "No matrix product lies between the read of the first token's row and the operators that need all rows.",
    );
  });

  it("when its operator set is older than 13", async () => {
    const model = await readModel(plain);
    const old = { ...model, opsetImport: [{ domain: "", version: { low: 12, high: 0, unsigned: false } }] };
    expect(computeFirstTokenOnly(old, await shapesOf(model))).toEqual({
      unchanged: expect.stringContaining("operator set 12"),
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

describe("a model that is generated for benches", () => {
  const small = { layers: 2, dim: 32, heads: 4, hidden: 64, vocabulary: 200, positions: 24 } as const;
  it.each([
    ["distilbert", 17],
    ["distilbert", 14],
    ["bert", 17],
    ["roberta", 16],
  ] as const)("%s at operator set %d is narrowed", async (family, opset) => {
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

describe("removeUnusedNodes", () => {
  it("removes nodes and weights that no output depends on, and inputs that only name such weights", async () => {
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
