/** The whole model: input_ids, attention_mask (and token_type_ids) [batch, tokens] int64 → logits [batch, labels] FP32. */
import { intAttribute } from "../../models/onnx/attributes.ts";
import { elementType } from "../../models/onnx/element-type.ts";
import { int64 } from "../../models/onnx/int64.ts";
import type { OnnxModel } from "../../models/onnx/model.ts";
import { tensorValue } from "../../models/onnx/nodes.ts";
import { embeddings } from "./embeddings.ts";
import { encoderLayer } from "./encoder.ts";
import { floatPrecision } from "./float-precision.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { int8Precision } from "./int8-precision.ts";
import type { Precision } from "./precision.ts";
import type { DistilbertShape } from "./shape.ts";

const IR_VERSION = 8;
/** Added to the scores of padding: FP32's lowest, as transformers does it. */
const MASKED = -3.4028234663852886e38;
/** The labels' weights are larger than a fresh model's, so that texts differ in their logits. */
const LABEL_GAIN = 1.5;

export function classifierModel(shape: DistilbertShape, precision: "fp32" | "int8"): OnnxModel {
  const graph = new GraphBuilder();
  const weights =
    precision === "fp32" ? floatPrecision(graph, shape.seed) : int8Precision(graph, shape.seed, shape.perChannel);
  const maskBias = maskOf(graph);
  let rows = embeddings(graph, weights, shape);
  for (let layer = 0; layer < shape.layers; layer++) {
    rows = encoderLayer(graph, weights, shape, rows, maskBias, `layer.${layer}`);
  }
  head(graph, weights, shape, rows);
  const inputs = ["input_ids", "attention_mask", ...(shape.family === "bert" ? ["token_type_ids"] : [])];
  return {
    irVersion: int64(IR_VERSION),
    producerName: "spillway-bench",
    opsetImport: [{ domain: "", version: int64(shape.opset) }],
    graph: {
      name: shape.family,
      node: graph.nodes,
      initializer: graph.initializers,
      sparseInitializer: [],
      input: inputs.map((name) => tensorValue(name, elementType.int64, ["batch_size", "sequence_length"])),
      output: [tensorValue("logits", elementType.float, ["batch_size", shape.labels.length])],
      valueInfo: [],
      quantizationAnnotation: [],
      metadataProps: [],
    },
    metadataProps: [],
    trainingInfo: [],
    functions: [],
    configuration: [],
  };
}

/** [batch, 1, 1, tokens]: 0 for tokens, far below every score for padding. */
function maskOf(graph: GraphBuilder): string {
  const wide = graph.node("Unsqueeze", ["attention_mask", graph.ints([1, 2])]);
  const asFloat = graph.node("Cast", [wide], [intAttribute("to", elementType.float)]);
  return graph.node("Mul", [graph.node("Sub", [graph.float(1), asFloat]), graph.float(MASKED)]);
}

function head(graph: GraphBuilder, weights: Precision, shape: DistilbertShape, rows: string): void {
  const { family, dim, labels } = shape;
  const [inner, outer, activation] = {
    distilbert: ["pre_classifier", "classifier", "Relu"] as const,
    bert: ["pooler.dense", "classifier", "Tanh"] as const,
    roberta: ["classifier.dense", "classifier.out_proj", "Tanh"] as const,
  }[family];
  const first = graph.node("Gather", [rows, graph.int(0)], [intAttribute("axis", 1)]);
  const pooled = graph.node(activation, [weights.dense(first, inner, dim, dim, 1)]);
  graph.node("Identity", [weights.dense(pooled, outer, dim, labels.length, LABEL_GAIN)], [], "logits");
}
