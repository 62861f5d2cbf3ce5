/** A few channels thirty times larger than the others, as pretrained models of BERT's size have them. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quantizeEncoder } from "../../../../../../engine/pack/quantize-encoder.ts";
import { writeWeights } from "../../../../../../engine/pack/write-weights.ts";
import { createInference } from "../../../../../../lambda-origin/infer.ts";
import { classifierModel } from "../../../../../../tools/bench/distilbert/classifier.ts";
import { quantize } from "../../../../../../tools/bench/distilbert/precision.ts";
import { completeShape } from "../../../../../../tools/bench/distilbert/shape.ts";
import { readEncoder } from "../../../../../../tools/spillway/model/encoder/read-encoder.ts";
import type { OnnxModel, OnnxTensor } from "../../../../../../tools/spillway/model/graph/model.ts";
import { writeModel } from "../../../../../../tools/spillway/model/graph/model-file.ts";
import {
  dimensionsOf,
  elementType,
  floatTensor,
  rawTensor,
} from "../../../../../../tools/spillway/model/graph/tensors.ts";
import { compileEdgeWasm, openEdgeModel } from "../../../../../../tools/spillway/model/pack/edge-runtime.ts";
import { compileEngineWasm, openEngineModel } from "../../../../../../tools/spillway/model/pack/engine-runtime.ts";
import { measureLogitGap } from "../../../../../../tools/spillway/model/pack/logit-gap.ts";
import { toOrt } from "../../../../../../tools/spillway/model/pack/onnx-entry.ts";

const WIDTH = 128;
const OUTLIERS = [9, 40, 77, 110];
const FACTOR = 30;
const SHAPE = { layers: 3, dim: WIDTH, heads: 4, hidden: 512, vocabulary: 300, positions: 128 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-outliers-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const NORM = /^layer\.\d+\..*layer_norm\.weight$/;
/** Matrices that read a layer's rows: not the first layer's queries, keys and values, which read embeddings. */
const READER = /^(layer\.[1-9]\d*\.attention\.[qkv]_lin|layer\.\d+\.ffn\.lin1|pre_classifier)\.weight$/;

/** Enlarges a few channels of each layer's rows, and makes what reads them smaller: the function is the same. */
function withOutliers({ graph, ...model }: OnnxModel): OnnxModel {
  const initializer = graph.initializer.map((tensor) => {
    const { name = "" } = tensor;
    const [first = 0, columns = 1] = dimensionsOf(tensor);
    if (NORM.test(name)) return changed(tensor, [first], (gain, channel) => gain * factorOf(channel));
    if (!READER.test(name)) return tensor;
    return changed(tensor, [first, columns], (weight, index) => weight / factorOf(Math.floor(index / columns)));
  });
  return { ...model, graph: { ...graph, initializer } };
}

function factorOf(channel: number): number {
  return OUTLIERS.includes(channel) ? FACTOR : 1;
}

function changed(
  { name = "", rawData }: OnnxTensor,
  dims: readonly number[],
  change: (value: number, index: number) => number,
) {
  return floatTensor(name, dims, new Float32Array(new Uint8Array(rawData ?? []).buffer).map(change));
}

/** The quantized graph with the matrices of another FP32 graph. */
function withWeightsOf({ graph, ...model }: OnnxModel, float: OnnxModel): OnnxModel {
  const weights = new Map(float.graph.initializer.map((tensor) => [tensor.name ?? "", tensor]));
  const initializer = graph.initializer.map((tensor) => {
    const { name = "" } = tensor;
    const [, of = name, part] = /^(.*)_(quantized|scale|zero_point)$/.exec(name) ?? [];
    const source = weights.get(of);
    if (source === undefined || part === undefined) return source ?? tensor;
    const [, columns = 1] = dimensionsOf(source);
    const values = new Float32Array(new Uint8Array(source.rawData ?? []).buffer);
    const quantized = quantize(values, columns, GROUPS);
    if (part === "quantized") return rawTensor(name, elementType.uint8, dimensionsOf(source), quantized.values);
    if (part === "scale") return floatTensor(name, dimensionsOf(tensor), quantized.scales);
    return rawTensor(name, elementType.uint8, dimensionsOf(tensor), quantized.zeroPoints);
  });
  return { ...model, graph: { ...graph, initializer } };
}

/** One scale per matrix, as onnxruntime quantizes by default. */
const GROUPS = 1;

it("a model with outlier channels stays within a third of onnxruntime's gap to FP32", {
  timeout: 120_000,
}, async () => {
  const shape = completeShape(SHAPE);
  const float = withOutliers(classifierModel(shape, "fp32"));
  const int8 = withWeightsOf(classifierModel(shape, "int8"), float);
  const path = (name: string) => join(folder, name);
  await writeModel(float, path("model.onnx"));
  await writeModel(int8, path("int8.onnx"));
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
  const own = await measureLogitGap("spillway-engine", engine.run, common);
  const stock = await measureLogitGap("onnxruntime-web", (ids) => onnx.run(ids), common);
  expect(own.mean).toBeLessThan(stock.mean / 3);
});
