/** Runs an encoder in plain TypeScript, token by token: what the engine must compute. Slow. */

import type { TextInput } from "../encoder/texts.ts";
import type { Architecture } from "../format/architecture.ts";
import type { Norm } from "../pack/encoder-weights.ts";
import { activated, attended, normalized } from "./functions.ts";

/** One row per token. */
export type Rows = readonly Float32Array[];
type Multiply = (row: Float32Array) => Float32Array;

/** One head's rows; `q` is divided by √(head size). */
export interface HeadRows {
  q: Rows;
  k: Rows;
  v: Rows;
}

/** An encoder whose products are given: in full precision (`float-model.ts`) or quantized (`quantized-model.ts`). */
export interface ReferenceModel {
  architecture: Architecture;
  /** Word + position + segment. */
  embed(id: number, position: number, kind: number): Float32Array;
  embeddingNorm: Norm;
  project: Multiply | null;
  layers: readonly ReferenceLayer[];
  head: Multiply | null;
  labels: Multiply;
}

export interface ReferenceLayer {
  heads(rows: Rows): HeadRows[];
  attentionOutput: Multiply;
  attentionNorm: Norm;
  expand: Multiply;
  contract: Multiply;
  outputNorm: Norm;
}

/** @returns the logits of one text */
export function runReference(model: ReferenceModel, text: TextInput): Float32Array {
  const { architecture } = model;
  let rows = embedText(model, text);
  for (const layer of model.layers) rows = runLayer(layer, rows, architecture);
  const first = rows[0] ?? new Float32Array();
  const pooled = model.head === null ? first : activated(model.head(first), architecture.headActivation);
  return model.labels(pooled);
}

function embedText(model: ReferenceModel, { ids, kinds }: TextInput): Rows {
  const { padToken, epsilon } = model.architecture;
  let counted = 0;
  return Array.from(ids, (id, index) => {
    const position = padToken === null ? index : id === padToken ? 0 : ++counted;
    const embedded = model.embed(id, position, kinds?.[index] ?? 0);
    const row = normalized(embedded, model.embeddingNorm.gain, model.embeddingNorm.offset, epsilon);
    return model.project === null ? row : model.project(row);
  });
}

function runLayer(layer: ReferenceLayer, rows: Rows, { activation, epsilon }: Architecture): Rows {
  const contexts = layer.heads(rows).map(({ q, k, v }) => attended(q, k, v));
  return rows.map((row, index) => {
    const context = joined(contexts.map((head) => head[index] ?? new Float32Array()));
    const attention = added(row, layer.attentionOutput(context));
    const middle = normalized(attention, layer.attentionNorm.gain, layer.attentionNorm.offset, epsilon);
    const hidden = activated(layer.expand(middle), activation);
    const output = added(middle, layer.contract(hidden));
    return normalized(output, layer.outputNorm.gain, layer.outputNorm.offset, epsilon);
  });
}

function added(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, index) => value + (b[index] ?? 0));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
