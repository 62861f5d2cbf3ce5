/** A few channels thirty times larger than the others, as pretrained models of BERT's size have them. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quantizeEncoder } from "../../../../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../../../../engine/pack/write-weights.ts";
import { createInference } from "../../../../../../lambda-origin/infer.ts";
import { classifierModel } from "../../../../../../tools/bench/distilbert/classifier.ts";
import { completeShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { readEncoder } from "../../../../../../tools/spillway/model/encoder/read-encoder.ts";
import { writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import { compileEdgeWasm, openEdgeModel } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import { compileEngineWasm, openEngineModel } from "../../../../../../tools/spillway/model/pack/engine-runtime.ts";
import { measureLogitGap } from "../../../../../../tools/spillway/model/pack/logit-gap.ts";
import { toOrt } from "../../../../../../tools/spillway/model/pack/onnx-entry.ts";

const SHAPE = { layers: 3, dim: 128, heads: 4, hidden: 512, vocabulary: 300, positions: 128 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-outliers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Both engines' gaps to FP32. @param perChannel onnxruntime's scales: one per column, or one per matrix */
async function gapsOf(outliers: "compensated" | "raw", perChannel: boolean) {
  const path = (name: string) => join(folder, `${outliers}-${perChannel}-${name}`);
  const shape = completeShape({ ...SHAPE, outliers, perChannel });
  const float = classifierModel(shape, "fp32");
  await writeModel(float, path("model.onnx"));
  await writeModel(classifierModel(shape, "int8"), path("int8.onnx"));
  await toOrt(path("int8.onnx"), path("edge.ort"));

  const read = await readEncoder(float, path("model.onnx"));
  if ("refusal" in read) throw new Error(read.refusal);
  const { bytes } = writeWeights(quantizeEncoder(read.weights));
  const engine = openEngineModel(await compileEngineWasm(), bytes, 128);
  const limits = { initialBytes: 0, maximumBytes: 2 ** 27 };
  const onnx = await openEdgeModel(await compileEdgeWasm(), await readFile(path("edge.ort")), limits);
  const common = {
    infer: await createInference(await readFile(path("model.onnx")), shape.labels.length),
    vocabularySize: shape.vocabulary,
    maxTokens: 128,
  };
  return {
    own: await measureLogitGap("spillway-engine", engine.run, common),
    stock: await measureLogitGap("onnxruntime-web", (ids) => onnx.run(ids), common),
  };
}

describe("a model with outlier channels", { timeout: 120_000 }, () => {
  it.each([
    ["one scale per matrix", false],
    ["one scale per column", true],
  ])("stays within a third of onnxruntime's gap to FP32: %s", async (_, perChannel) => {
    const { own, stock } = await gapsOf("compensated", perChannel);
    expect(own.mean).toBeLessThan(stock.mean / 3);
  });

  it("on which attention and logits depend stays close to FP32, measured by what its logits differ by", async () => {
    const { own } = await gapsOf("raw", false);
    expect(own.mean).toBeLessThan(own.spread / 10);
  });
});
