/** The generated folder has the form of a user's model folder. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { createTokenizer } from "../../../../../../formats/model-package/tokenizer.ts";
import { classifierModel } from "../../../../../../tools/bench/distilbert/classifier.ts";
import { writeDistilbertFolder } from "../../../../../../tools/bench/distilbert/folder.ts";
import { quantize, randomWeights } from "../../../../../../tools/bench/distilbert/precision.ts";
import { completeShape, type DistilbertShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { wordPieces } from "../../../../../../tools/bench/distilbert/tokenizer-files.ts";
import { scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const small = { layers: 2, dim: 32, heads: 4, hidden: 64, vocabulary: 300, positions: 32 } as const;
const texts = ["the train stops here", "buy cheap now!", "a"];

async function logitsOf(file: string, ids: readonly number[]): Promise<number[]> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  const feed = (value: (id: number) => number) =>
    new Tensor(
      "int64",
      BigInt64Array.from(ids, (id) => BigInt(value(id))),
      [1, ids.length],
    );
  const fed = { input_ids: feed((id) => id), attention_mask: feed(() => 1), token_type_ids: feed(() => 0) };
  const outputs = await session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, fed[name as keyof typeof fed]])),
  );
  return Array.from(outputs["logits"]?.data ?? [], Number);
}

describe("writeDistilbertFolder", () => {
  const shapes: [string, Partial<DistilbertShape>][] = [
    ["distilbert", {}],
    ["distilbert with a scale per column", { perChannel: true, opset: 14 }],
    ["bert with three labels", { family: "bert", labels: ["a", "b", "c"] }],
    ["roberta, multi-label", { family: "roberta", problemType: "multi_label_classification" }],
  ];
  it.each(shapes)("%s: logits are finite, differ between texts, and INT8 is close to FP32", async (name, shape) => {
    const folder = join(scratch, name);
    await writeDistilbertFolder(folder, { ...small, ...shape });
    const labels = shape.labels ?? ["NEGATIVE", "POSITIVE"];
    expect(JSON.parse(await readFile(join(folder, "config.json"), "utf8"))).toMatchObject({
      model_type: shape.family ?? "distilbert",
      vocab_size: small.vocabulary,
      id2label: { ...labels },
      problem_type: shape.problemType ?? "single_label_classification",
    });
    const tokenizerText = await readFile(join(folder, "tokenizer.json"), "utf8");
    const { encode } = createTokenizer(tokenizerText, await readFile(join(folder, "tokenizer_config.json"), "utf8"));
    const seen: number[][] = [];
    for (const text of texts) {
      const ids = encode(text);
      expect(Math.max(...ids)).toBeLessThan(small.vocabulary);
      const full = await logitsOf(join(folder, "model.onnx"), ids);
      const int8 = await logitsOf(join(folder, "model_quantized.onnx"), ids);
      expect(full).toHaveLength(labels.length);
      expect(full.every(Number.isFinite)).toBe(true);
      for (const [index, logit] of full.entries())
        expect(Math.abs(logit - (int8[index] ?? Number.NaN))).toBeLessThan(0.15);
      seen.push(full);
    }
    for (const other of seen.slice(1)) expect(Math.abs((other[0] ?? 0) - (seen[0]?.[0] ?? 0))).toBeGreaterThan(0.01);
  });

  it("accepts as many tokens as its positions, and not one more", async () => {
    const folder = join(scratch, "long");
    await writeDistilbertFolder(folder, { ...small, family: "roberta" });
    const ids = Array<number>(small.positions).fill(7);
    await expect(logitsOf(join(folder, "model.onnx"), ids)).resolves.toHaveLength(2);
    await expect(logitsOf(join(folder, "model.onnx"), [...ids, 7])).rejects.toThrow();
  });

  it("writes the same bytes for the same shape, and others for another seed", async () => {
    const [one, two, other] = [join(scratch, "one"), join(scratch, "two"), join(scratch, "other")];
    await writeDistilbertFolder(one, small);
    await writeDistilbertFolder(two, small);
    await writeDistilbertFolder(other, { ...small, seed: 2 });
    const files = await readdir(one);
    expect(files.toSorted()).toEqual(
      ["config.json", "model.onnx", "model_quantized.onnx", "tokenizer.json", "tokenizer_config.json"].toSorted(),
    );
    for (const file of files) {
      expect(Buffer.compare(await readFile(join(one, file)), await readFile(join(two, file))), file).toBe(0);
    }
    const model = "model.onnx";
    expect(Buffer.compare(await readFile(join(one, model)), await readFile(join(other, model)))).not.toBe(0);
    expect((await stat(join(one, model))).size).toBe((await stat(join(other, model))).size);
  });

  it("writes no INT8 file when it is not requested", async () => {
    await writeDistilbertFolder(join(scratch, "plain"), { ...small, quantized: false });
    expect(await readdir(join(scratch, "plain"))).not.toContain("model_quantized.onnx");
  });

  it.each([
    [{ dim: 30 }, /must be a multiple of heads/],
    [{ vocabulary: 50 }, /at least 128/],
  ])("rejects %j", async (shape, message) => {
    await expect(writeDistilbertFolder(join(scratch, "bad"), { ...small, ...shape })).rejects.toThrow(message);
  });
});

describe("outlier channels", () => {
  const constant = (name: string, outliers: DistilbertShape["outliers"]) => {
    const { graph } = classifierModel(completeShape({ ...small, outliers }), "fp32");
    const found = graph.initializer.find((tensor) => tensor.name === name);
    return new Float32Array(new Uint8Array(found?.rawData ?? []).buffer);
  };
  const large = (values: Float32Array) => values.reduce((count, value) => count + (Math.abs(value) > 15 ? 1 : 0), 0);

  it.each([
    ["none", 0, 1],
    ["compensated", 4, 1 / 30],
    ["raw", 4, 1],
  ] as const)(
    "%s: %i gains are thirty times larger, and what reads the channel is multiplied by %f",
    (outliers, count, factor) => {
      expect(large(constant("layer.0.sa_layer_norm.weight", outliers))).toBe(count);
      expect(large(constant("layer.1.output_layer_norm.weight", outliers))).toBe(count);
      expect(large(constant("embeddings.LayerNorm.weight", outliers))).toBe(0);
      const row = Math.floor(small.dim / 8) * small.dim;
      for (const name of ["layer.1.attention.q_lin.weight", "pre_classifier.weight"]) {
        const plain = constant(name, "none")[row] ?? Number.NaN;
        expect(constant(name, outliers)[row]).toBeCloseTo(plain * factor, 6);
      }
    },
  );
});

describe("randomWeights", () => {
  it("are distributed normally: their mean, their deviation, and how many are beyond two and three deviations", () => {
    const values = randomWeights(1, "layer", 100_001, { mean: 1, deviation: 0.5 });
    const beyond = (deviations: number) =>
      values.filter((value) => Math.abs(value - 1) > deviations * 0.5).length / values.length;
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(1, 2);
    expect(beyond(1)).toBeCloseTo(0.317, 2);
    expect(beyond(2)).toBeCloseTo(0.0455, 2);
    expect(beyond(3)).toBeCloseTo(0.0027, 3);
  });
});

describe("wordPieces", () => {
  it("are as many as requested, all different, and many of them are whole words", () => {
    const pieces = wordPieces(30_517);
    expect(new Set(pieces).size).toBe(30_517);
    expect(pieces.filter((piece) => piece.startsWith("##")).length).toBeGreaterThan(4000);
    expect(pieces.filter((piece) => /^[a-z]{3,}$/.test(piece)).length).toBeGreaterThan(20_000);
    expect(pieces.slice(0, 500)).toEqual(wordPieces(500));
  });
});

describe("quantize", () => {
  it.each([1, 2])("is off by at most half a step with %d scales, and zero stays zero", (groups) => {
    const weights = Float32Array.of(0, 4, -1, 8, 0.37, -2);
    const { values, scales, zeroPoints } = quantize(weights, 2, groups);
    for (const [index, weight] of weights.entries()) {
      const group = (index % 2) % groups;
      const scale = scales[group] ?? 0;
      const back = ((values[index] ?? 0) - (zeroPoints[group] ?? 0)) * scale;
      expect(Math.abs(back - weight)).toBeLessThanOrEqual(scale * 0.51);
      if (weight === 0) expect(back).toBe(0);
    }
  });
});
