/** Reads a classifier's `config.json`, in the forms that exporters write. */
import { basename } from "node:path";
import { z } from "zod";
import { isObject } from "../../../../formats/json.ts";
import type { Manifest } from "../../../../formats/model-package/manifest.ts";
import { MAX_LABEL_CHARACTERS, MAX_LABELS } from "../../../../formats/origin-wire.ts";
import { tokenizerClassOf } from "../../../../formats/tokenizer/tokenizer-config.ts";
import { describeIssues, schemaWordsOnly } from "../../../../policies/messages/describe-issues.ts";
import { parseUserJson } from "../../../process/read-text.ts";

/** Labels are names; training scripts also write numbers, and true and false. */
const label = z.union([z.string(), z.number(), z.boolean()], 'must be a name, as in "spam"').transform(String);
const labelId = z.union(
  [z.int().nonnegative(), z.string().regex(/^\d+$/).transform(Number)],
  "must be a number from 0",
);

const configSchema = z.object({
  model_type: z.string().nullish(),
  tokenizer_class: z.string().nullish(),
  id2label: z.union([z.array(label), z.record(z.string().regex(/^\d+$/, "must be a number from 0"), label)]).nullish(),
  label2id: z.record(z.string(), labelId).nullish(),
  num_labels: z.int().positive().nullish(),
  vocab_size: z.int().positive().nullish(),
  // -1 where a model has no such table.
  max_position_embeddings: z.int().nullish(),
  pad_token_id: z.int().nullish().catch(null),
  problem_type: z.enum(["single_label_classification", "multi_label_classification", "regression"]).nullish(),
});
const MAX_PROBLEMS_SHOWN = 5;
type Config = z.infer<typeof configSchema>;

export interface ClassifierConfig {
  /** Null if the file has neither labels nor their number: transformers omits both for two unnamed labels. */
  labels: readonly string[] | null;
  problemType: Manifest["problemType"];
  /** Null if the file does not state it. */
  vocabularySize: number | null;
  /** Most tokens of one text, special tokens included, as the file states it; the graph may have fewer. Null if it does not. */
  statedPositions: number | null;
  /** Of the tokenizer, if tokenizer_config.json has no class; null if its options do not change the tokenizer. */
  tokenizerClass: string | null;
  /** Values that the file does not have and that were assumed, one sentence each. */
  assumptions: readonly string[];
}

/**
 * These models count positions from the id after the padding token's, so the rows before it are never used
 * (transformers, `create_position_ids_from_input_ids`).
 */
const POSITIONS_AFTER_PADDING = /^(roberta|xlm-roberta|camembert|roberta-prelayernorm|mpnet|data2vec-text|ibert|xmod)/;
const ROBERTA_PADDING_ID = 1;

/** @param path for the messages. @throws Error with one sentence */
export function parseClassifierConfig(path: string, text: string): ClassifierConfig {
  const config = parse(path, text);
  const labels = labelsOf(config, path);
  if (config.problem_type === "regression" || labels?.length === 1) {
    throw new Error(
      `${path} is for a regression model, which returns one number per text; Spillway serves classifiers with 2 labels or more.`,
    );
  }
  if (labels !== null) {
    checkLabelLimits(labels, path);
    checkDistinct(labels, path);
  }
  return {
    labels,
    problemType: config.problem_type ?? "single_label_classification",
    vocabularySize: config.vocab_size ?? null,
    statedPositions: statedPositionsOf(config),
    tokenizerClass: config.tokenizer_class ?? tokenizerClassOf(config.model_type ?? ""),
    assumptions: assumptionsOf(config, basename(path)),
  };
}

function parse(path: string, text: string): Config {
  const value = parseUserJson(path, text, "save the model's configuration again");
  if (!isObject(value)) throw new Error(`${path} is not a JSON object; save the model's configuration again.`);
  const parsed = configSchema.safeParse(value, { error: schemaWordsOnly });
  if (parsed.success) return parsed.data;
  const { sentences, more } = describeIssues(configSchema, parsed.error.issues, value, MAX_PROBLEMS_SHOWN);
  const problems = [...sentences, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
  throw new Error(`${path} is not the configuration of a text classifier: ${problems}.`);
}

function labelsOf({ id2label, label2id, num_labels }: Config, path: string): string[] | null {
  const byId = Object.entries(id2label ?? {}).map(([id, name]) => [Number(id), name] as const);
  const byName = Object.entries(label2id ?? {}).map(([name, id]) => [id, name] as const);
  const named = byId.length > 0 ? byId : byName;
  if (named.length === 0) return num_labels ? unnamedLabels(num_labels) : null;
  const sorted = named.toSorted(([a], [b]) => a - b);
  const missing = sorted.findIndex(([id], index) => id !== index);
  if (missing !== -1) throw new Error(`${path} has no label ${missing}; number the labels from 0 without gaps.`);
  return sorted.map(([, name]) => name);
}

/** The names that transformers gives to labels without a name. */
export function unnamedLabels(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `LABEL_${index}`);
}

/** The gateway rejects answers over these limits. */
function checkLabelLimits(labels: readonly string[], path: string): void {
  if (labels.length > MAX_LABELS) {
    throw new Error(`${path} has ${labels.length} labels; Spillway serves classifiers with at most ${MAX_LABELS}.`);
  }
  const long = labels.findIndex((name) => name.length > MAX_LABEL_CHARACTERS);
  if (long === -1) return;
  throw new Error(
    `${path} has a label ${long} of ${labels[long]?.length} characters; at most ${MAX_LABEL_CHARACTERS} are allowed.`,
  );
}

function checkDistinct(labels: readonly string[], path: string): void {
  const twice = labels.find((name, index) => name === "" || labels.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(`${path} has the label "${twice}" twice, or a label without a name; give each label its own name.`);
}

function statedPositionsOf({ model_type, max_position_embeddings, pad_token_id }: Config): number | null {
  if (!max_position_embeddings || max_position_embeddings < 0) return null;
  const paddingId = pad_token_id === null || pad_token_id === undefined || pad_token_id < 0 ? null : pad_token_id;
  const unused = POSITIONS_AFTER_PADDING.test(model_type ?? "") ? (paddingId ?? ROBERTA_PADDING_ID) + 1 : 0;
  return max_position_embeddings - unused;
}

function assumptionsOf({ id2label, label2id, num_labels, problem_type }: Config, file: string): string[] {
  const assumptions = [];
  const ids = Object.entries(id2label ?? {});
  const names = Object.entries(label2id ?? {});
  const other = ids.length === 0 ? undefined : names.find(([name, id]) => name !== ids[id]?.[1]);
  if (other !== undefined) {
    const [name, id] = other;
    assumptions.push(
      `${file} has the label ${id} as "${ids[id]?.[1] ?? "missing"}" in id2label and as "${name}" in label2id: id2label is used, as in transformers`,
    );
  }
  if (ids.length === 0 && names.length === 0) {
    assumptions.push(
      num_labels
        ? `${file} has no labels: they are named LABEL_0 to LABEL_${num_labels - 1}`
        : `${file} has no labels: they are named LABEL_0, LABEL_1, … by the number of logits`,
    );
  }
  if (!problem_type) assumptions.push(`${file} has no problem_type: single_label_classification is assumed`);
  return assumptions;
}
