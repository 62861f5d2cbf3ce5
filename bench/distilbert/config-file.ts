/** config.json as transformers writes it for each family. */
import { ROBERTA_PADDING_ID, ROBERTA_POSITION_OFFSET } from "./embeddings.ts";
import type { DistilbertShape } from "./shape.ts";

export function configFile(shape: DistilbertShape) {
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
