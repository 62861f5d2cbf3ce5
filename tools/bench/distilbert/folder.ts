/** Generates a model folder for the packer: a classifier of DistilBERT's size and kind with random weights. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeModel } from "../../spillway/model/graph/model-file.ts";
import { classifierModel, ROBERTA_PADDING_ID, ROBERTA_POSITION_OFFSET } from "./classifier.ts";
import { completeShape, type DistilbertShape } from "./shape.ts";
import { tokenizerFiles } from "./tokenizer-files.ts";

/**
 * Writes config.json, tokenizer.json, tokenizer_config.json, model.onnx and model_quantized.onnx. The same shape gives the same bytes.
 * Small shapes take milliseconds; the default shape needs about 0.6 GB of memory.
 * @throws RangeError if no model can have this shape
 */
export async function writeDistilbertFolder(folder: string, shape: Partial<DistilbertShape> = {}): Promise<void> {
  const complete = completeShape(shape);
  await mkdir(folder, { recursive: true });
  const texts = { "config.json": configFile(complete), ...tokenizerFiles(complete) };
  for (const [name, content] of Object.entries(texts)) {
    await writeFile(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  await writeModel(classifierModel(complete, "fp32"), join(folder, "model.onnx"));
  if (complete.quantized) await writeModel(classifierModel(complete, "int8"), join(folder, "model_quantized.onnx"));
}

/** config.json as transformers writes it. */
function configFile(shape: DistilbertShape) {
  return {
    ...sizes(shape),
    vocab_size: shape.vocabulary,
    id2label: Object.fromEntries(shape.labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(shape.labels.map((label, id) => [label, id])),
    problem_type: shape.problemType,
  };
}

function sizes({ family, layers, dim, heads, hidden, positions }: DistilbertShape) {
  if (family === "distilbert") {
    return {
      model_type: "distilbert",
      architectures: ["DistilBertForSequenceClassification"],
      activation: "gelu",
      dim,
      hidden_dim: hidden,
      n_heads: heads,
      n_layers: layers,
      max_position_embeddings: positions,
      pad_token_id: 0,
    };
  }
  const isRoberta = family === "roberta";
  return {
    model_type: family,
    architectures: [isRoberta ? "RobertaForSequenceClassification" : "BertForSequenceClassification"],
    hidden_act: "gelu",
    hidden_size: dim,
    intermediate_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    max_position_embeddings: isRoberta ? positions + ROBERTA_POSITION_OFFSET : positions,
    type_vocab_size: isRoberta ? 1 : 2,
    pad_token_id: isRoberta ? ROBERTA_PADDING_ID : 0,
  };
}
