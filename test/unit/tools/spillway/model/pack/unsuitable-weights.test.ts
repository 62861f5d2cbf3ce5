/** FP32 files with damaged or unsuitable weights: one sentence when they are packed, and no package. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { floatModel } from "../../../../../../engine/reference/float-model.ts";
import { runReference } from "../../../../../../engine/reference/run-reference.ts";
import { createInference } from "../../../../../../lambda-origin/infer.ts";
import { readEncoder } from "../../../../../../tools/spillway/model/encoder/read-encoder.ts";
import { decodeModel, encodeModel } from "../../../../../../tools/spillway/model/graph/codec.ts";
import type { OnnxTensor } from "../../../../../../tools/spillway/model/graph/model.ts";
import { int64 } from "../../../../../../tools/spillway/model/graph/tensors.ts";
import { quickPack, useScratch } from "./scratch.ts";

const scratch = useScratch();

/** A copy of the small classifier with one initializer changed. */
async function withTensor(folder: string, name: string, change: (tensor: OnnxTensor) => OnnxTensor): Promise<string> {
  const path = await scratch.model(folder);
  const file = join(path, "model.onnx");
  const model = decodeModel(await readFile(file), file);
  const initializer = model.graph.initializer.map((tensor) => (tensor.name === name ? change(tensor) : tensor));
  await writeFile(file, encodeModel({ ...model, graph: { ...model.graph, initializer } }));
  return path;
}

const holding = (value: number) => (tensor: OnnxTensor) => {
  const rawData = new Uint8Array(tensor.rawData ?? []);
  new DataView(rawData.buffer).setFloat32(rawData.length - 4, value, true);
  return { ...tensor, rawData };
};

const ofShape =
  (...dims: number[]) =>
  (tensor: OnnxTensor) => ({ ...tensor, dims: dims.map(int64) });

const cut = (tensor: OnnxTensor) => ({ ...tensor, rawData: new Uint8Array(tensor.rawData ?? []).slice(0, -40) });

/** The error of packing. */
async function refusal(folder: string, engine?: "spillway-engine"): Promise<string> {
  const options = { folder, out: scratch.path("refused"), maxTokens: 16, ...(engine && { engine }) };
  try {
    await quickPack(options);
  } catch (error) {
    expect(await readdir(scratch.path("."))).not.toContain("refused");
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

describe("refused when packing, with one sentence and no package, is a model", () => {
  it.each<[string, string, (tensor: OnnxTensor) => OnnxTensor, RegExp]>([
    [
      "with a weight that is NaN",
      "layer.1.ffn.lin1.weight",
      holding(Number.NaN),
      /^spillway-engine cannot serve .* The matrix expand of layer 2 holds NaN; every weight must be a finite number\./,
    ],
    [
      "with an infinite gain",
      "layer.0.sa_layer_norm.weight",
      holding(Number.POSITIVE_INFINITY),
      /The matrix attentionNorm of layer 1 gain holds Infinity; every weight must be a finite number\./,
    ],
    [
      "with an infinite embedding",
      "embeddings.word_embeddings.weight",
      holding(Number.NEGATIVE_INFINITY),
      /The matrix words holds -Infinity; every weight must be a finite number\./,
    ],
  ])("for spillway-engine %s", async (what, name, change, sentence) => {
    expect(await refusal(await withTensor(what.replaceAll(" ", "-"), name, change), "spillway-engine")).toMatch(
      sentence,
    );
  });

  it("for any engine with a weight that is NaN", async () => {
    const folder = await withTensor("nan", "layer.1.ffn.lin1.weight", holding(Number.NaN));
    expect(await refusal(folder)).toMatch(/^[^\n]*the model returned logits that are not finite\.$/);
  });

  it.each<[string, string, (tensor: OnnxTensor) => OnnxTensor, RegExp]>([
    ["a matrix that is cut off", "layer.1.attention.k_lin.weight", cut, /raw_data size \(4056 bytes\)/],
    ["a matrix of another shape", "layer.1.ffn.lin1.weight", ofShape(64, 32), /Incompatible dimensions/],
    ["a bias of another shape", "layer.0.attention.q_lin.bias", ofShape(2, 16), /Incompatible dimensions/],
    ["a table of another shape", "embeddings.position_embeddings.weight", ofShape(1024, 16), /Incompatible dimensions/],
  ])("with %s", async (what, name, change, reason) => {
    const message = await refusal(await withTensor(what.replaceAll(" ", "-"), name, change));
    expect(message).toMatch(/^The origin's ONNX Runtime cannot run [^\n]*; export the model again[^\n]*\.$/);
    expect(message).toMatch(reason);
  });
});

/** What reading the file gives: the reason of a refusal, or a text's logits and those of ONNX Runtime. */
async function readDamaged(path: string): Promise<string | { own: number[]; graph: number[] }> {
  const ids = [1, 5, 9, 150, 2];
  try {
    const read = await readEncoder(decodeModel(await readFile(path), path), path);
    if ("refusal" in read) return read.refusal;
    const infer = await createInference(await readFile(path), 3);
    const own = [...runReference(floatModel(read.weights), { ids })];
    return { own, graph: [...((await infer([ids]))[0] ?? [])] };
  } catch (error) {
    return String(error);
  }
}

/** Most bytes are weights; the operators come first. */
const OPERATOR_BYTES = 8_000;

it("an FP32 file with a flipped bit is refused, or its weights compute what the file's graph computes", async () => {
  const folder = await scratch.model("flipped");
  const file = join(folder, "model.onnx");
  const whole = await readFile(file);
  const spread = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, step) => Math.floor((bytes * step) / count));
  let refused = 0;
  for (const [step, at] of [...spread(16, OPERATOR_BYTES), ...spread(10, whole.length), whole.length - 1].entries()) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (step % 8));
    await writeFile(file, bytes);
    const read = await readDamaged(file);
    if (typeof read === "string") {
      refused += 1;
      expect(read, `byte ${at}`).toMatch(/\S/);
      continue;
    }
    for (const [label, logit] of read.graph.entries()) expect(read.own[label], `byte ${at}`).toBeCloseTo(logit, 2);
  }
  expect(refused).toBeGreaterThan(0);
});
