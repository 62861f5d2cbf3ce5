/** Pure. What `config.json` says of a classifier, in the many ways it is written. */
import { basename } from "node:path";
import { z } from "zod";
import type { Manifest } from "../../../../formats/model-package/manifest.ts";
import { LABEL_MAX_CHARACTERS, LABELS_MAX, WINDOW_TOKENS } from "../../../../formats/origin-wire.ts";

const configSchema = z.object({
  model_type: z.string().nullish(),
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).nullish(),
  label2id: z.record(z.string(), z.int().nonnegative()).nullish(),
  num_labels: z.int().positive().nullish(),
  vocab_size: z.int().positive(),
  max_position_embeddings: z.int().positive(),
  pad_token_id: z.int().nonnegative().nullish(),
  problem_type: z.enum(["single_label_classification", "multi_label_classification", "regression"]).nullish(),
});
type Config = z.infer<typeof configSchema>;

export interface ClassifierConfig {
  /** Null where the file names none and gives no number: transformers leaves both out for two unnamed labels. */
  labels: readonly string[] | null;
  problemType: Manifest["problemType"];
  vocabularySize: number;
  /** The most tokens of one text, special tokens included. */
  maxPositions: number;
  /** What had to be assumed, one sentence each. */
  assumptions: readonly string[];
}

/**
 * These count positions from behind the padding token's id, so that many rows of the table are never used
 * (transformers, `create_position_ids_from_input_ids`).
 */
const POSITIONS_BEHIND_PADDING = /^(roberta|xlm-roberta|camembert|roberta-prelayernorm|mpnet|data2vec-text|ibert|xmod)/;
const ROBERTA_PADDING_ID = 1;

/** `path` is for the messages. @throws Error with one sentence for people */
export function parseClassifierConfig(path: string, text: string): ClassifierConfig {
  const config = parse(path, text);
  const labels = labelsOf(config, path);
  if (config.problem_type === "regression" || labels?.length === 1) {
    throw new Error(
      `${path} is a regression's, with one number for a text; Spillway serves classifiers of 2 labels or more.`,
    );
  }
  if (labels !== null) {
    mustFitAnAnswer(labels, path);
    mustBeDistinct(labels, path);
  }
  return {
    labels,
    problemType: config.problem_type ?? "single_label_classification",
    vocabularySize: config.vocab_size,
    maxPositions: positionsOf(config, path),
    assumptions: assumptionsOf(config, basename(path)),
  };
}

function parse(path: string, text: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${path} is not JSON; save the model's configuration again.`);
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new Error(`${path} is not a text classifier's: ${first?.path.join(".") || "the file"}: ${first?.message}.`);
}

function labelsOf({ id2label, label2id, num_labels }: Config, path: string): string[] | null {
  const named = id2label
    ? Object.entries(id2label).map(([id, label]) => [Number(id), label] as const)
    : label2id && Object.entries(label2id).map(([label, id]) => [id, label] as const);
  if (!named) return num_labels ? unnamedLabels(num_labels) : null;
  const sorted = named.toSorted(([a], [b]) => a - b);
  const missing = sorted.findIndex(([id], index) => id !== index);
  if (missing !== -1) throw new Error(`${path} names no label ${missing}; labels are numbered from 0 without gaps.`);
  return sorted.map(([, label]) => label);
}

/** As transformers calls labels without a name. */
export function unnamedLabels(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `LABEL_${index}`);
}

/** The gateway believes no answer with more. */
function mustFitAnAnswer(labels: readonly string[], path: string): void {
  if (labels.length > LABELS_MAX) {
    throw new Error(`${path} has ${labels.length} labels; Spillway serves classifiers of at most ${LABELS_MAX}.`);
  }
  const long = labels.findIndex((label) => label.length > LABEL_MAX_CHARACTERS);
  if (long === -1) return;
  throw new Error(
    `${path} names label ${long} with ${labels[long]?.length} characters; at most ${LABEL_MAX_CHARACTERS} are allowed.`,
  );
}

function mustBeDistinct(labels: readonly string[], path: string): void {
  const twice = labels.find((label, index) => label === "" || labels.indexOf(label) !== index);
  if (twice !== undefined)
    throw new Error(`${path} has the label "${twice}" twice or without a name; name each label.`);
}

function positionsOf({ model_type, max_position_embeddings, pad_token_id }: Config, path: string): number {
  const unused = POSITIONS_BEHIND_PADDING.test(model_type ?? "") ? (pad_token_id ?? ROBERTA_PADDING_ID) + 1 : 0;
  const positions = max_position_embeddings - unused;
  if (positions < WINDOW_TOKENS) {
    throw new Error(
      `${path} allows ${positions} positions; the origin reads long texts in windows of ${WINDOW_TOKENS}, so a model needs at least that many.`,
    );
  }
  return positions;
}

function assumptionsOf({ id2label, label2id, num_labels, problem_type }: Config, file: string): string[] {
  const assumptions = [];
  if (!id2label && !label2id) {
    assumptions.push(
      num_labels
        ? `${file} names no labels: they are called LABEL_0 to LABEL_${num_labels - 1}`
        : `${file} names no labels: they are called LABEL_0, LABEL_1, … as many as the model has`,
    );
  }
  if (!problem_type) assumptions.push(`${file} has no problem_type: taken as single_label_classification`);
  return assumptions;
}
