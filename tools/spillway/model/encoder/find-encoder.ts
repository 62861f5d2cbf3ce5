/** Pure. From the meaning of the logits to an encoder's layers: what is not recognized whole is refused. */
import type { Activation } from "../../../../engine/format/architecture.ts";
import type { LayerWeights, Linear, Norm } from "../../../../engine/pack/encoder-weights.ts";
import { activationOf } from "./activations.ts";
import type { Attention, Expression, LinearMap, Lookup, Mask, Normalized, Value } from "./expression.ts";
import { BATCH, features, sameLayout } from "./layout.ts";
import { RefusedGraph } from "./refused.ts";

/** An encoder whose lookups and masks are not checked yet. */
export interface FoundEncoder {
  lookups: readonly Lookup[];
  masks: readonly Mask[];
  embeddingNorm: Norm;
  projection: Linear | null;
  layers: readonly LayerWeights[];
  heads: number;
  headSize: number;
  activation: Activation;
  head: Linear | null;
  headActivation: Activation;
  labels: Linear;
  epsilon: number;
}

/** @throws RefusedGraph */
export function findEncoder(logits: Value): FoundEncoder {
  if (logits.kind === "unknown") throw new RefusedGraph(`${logits.why}.`);
  if (logits.kind !== "traced") throw new RefusedGraph("Its logits depend on no weights.");
  const labels = linearOf(logits.expression, "The output layer");
  if (!sameLayout(logits.layout, [[BATCH], features(labels.outputs)])) {
    throw new RefusedGraph("Its head does not read the first token only, as a BERT-like classifier's head does.");
  }
  const { head, headActivation, of } = findHead(labels.of);
  const layers: FoundLayer[] = [];
  let rows: Expression = of;
  while (!isEmbedding(rows)) {
    const layer = findLayer(rows, layers.length === 0 ? "The last layer" : `Layer ${layers.length} before the last`);
    layers.unshift(layer);
    rows = layer.of;
  }
  const [first] = layers;
  if (first === undefined) throw new RefusedGraph("It has no layers of attention.");
  const { projection, norm } = findEmbeddings(rows);
  const different = layers.find((one) => one.heads !== first.heads || one.headSize !== first.headSize);
  if (different)
    throw new RefusedGraph("Its layers have different numbers of heads; the engine needs the same in each.");
  if (layers.some(({ activation }) => activation !== first.activation)) {
    const used = [...new Set(layers.map(({ activation }) => activation))].join(" and ");
    throw new RefusedGraph(`Its layers use different activations, ${used}; the engine needs the same in each.`);
  }
  const epsilons = new Set([norm.epsilon, ...layers.flatMap((layer) => layer.epsilons)]);
  if (epsilons.size > 1) {
    throw new RefusedGraph(
      `Its normalizations use different epsilons, ${[...epsilons].join(" and ")}; the engine needs one.`,
    );
  }
  return {
    lookups: lookupsOf(norm.of),
    masks: layers.flatMap(({ masks }) => masks),
    embeddingNorm: normWeights(norm),
    projection: projection && weightsOf(projection),
    layers: layers.map(({ weights }) => weights),
    heads: first.heads,
    headSize: first.headSize,
    activation: first.activation,
    head: head && weightsOf(head),
    headActivation,
    labels: weightsOf(labels),
    epsilon: norm.epsilon,
  };
}

interface FoundHead {
  head: LinearMap | null;
  headActivation: Activation;
  of: Expression;
}

function findHead(input: Expression): FoundHead {
  if (input.kind === "norm") return { head: null, headActivation: "none", of: input };
  if (input.kind === "pointwise") {
    const head = linearOf(input.of, "The layer before the output layer");
    return { head, headActivation: activation(input.apply, "The head"), of: head.of };
  }
  throw new RefusedGraph(`Its head reads ${nounOf(input)} where a BERT-like classifier's head reads the last layer.`);
}

interface FoundLayer {
  weights: LayerWeights;
  of: Expression;
  heads: number;
  headSize: number;
  activation: Activation;
  masks: readonly Mask[];
  epsilons: readonly number[];
}

/** Normalized(middle + contract(activation(expand(middle)))), where middle = normalized(of + output(attention(of))). */
function findLayer(expression: Expression, place: string): FoundLayer {
  const outputNorm = normOf(expression, `${place} ends`);
  const [middle, contract] = residual(outputNorm.of, `${place}'s feed-forward block`);
  if (contract.of.kind !== "pointwise") throw new RefusedGraph(`${place} has no activation in its feed-forward block.`);
  const expand = linearOf(contract.of.of, `${place}'s feed-forward block`);
  if (expand.of !== middle) throw new RefusedGraph(`${place}'s feed-forward block does not read what is added to it.`);
  const attentionNorm = normOf(middle, `${place}'s attention ends`);
  const [of, output] = residual(attentionNorm.of, `${place}'s attention`);
  if (output.of.kind !== "attention")
    throw new RefusedGraph(`${place} has ${nounOf(output.of)} where attention is expected.`);
  const { scores, value } = output.of;
  const parts = [scores.query, scores.key, value].map((part) => linearOf(part, `${place}'s attention`));
  if (parts.some((part) => part.of !== of))
    throw new RefusedGraph(`${place}'s attention does not read what is added to it.`);
  return {
    weights: {
      ...headWeights(output.of, parts),
      attentionOutput: weightsOf(output),
      attentionNorm: normWeights(attentionNorm),
      expand: weightsOf(expand),
      contract: weightsOf(contract),
      outputNorm: normWeights(outputNorm),
    },
    of,
    heads: scores.heads,
    headSize: scores.headSize,
    activation: activation(contract.of.apply, place),
    masks: scores.masks,
    epsilons: [attentionNorm.epsilon, outputNorm.epsilon],
  };
}

/** The engine divides scores by √(head size). Another factor becomes part of the queries. */
function headWeights({ scores }: Attention, [query, key, value]: readonly LinearMap[]) {
  if (query === undefined || key === undefined || value === undefined) throw new RefusedGraph("It has no attention.");
  const factor = scores.factor * Math.sqrt(scores.headSize);
  const isUsual = Math.abs(factor - 1) < 1e-6;
  const scaled = (values: Float32Array) => (isUsual ? values : values.map((one) => one * factor));
  const { weight, bias, ...sizes } = weightsOf(query);
  return {
    query: { ...sizes, weight: scaled(weight), bias: scaled(bias) },
    key: weightsOf(key),
    value: weightsOf(value),
  };
}

/** A sum of what a block reads and what it computes. */
function residual(expression: Expression, place: string): [Expression, LinearMap] {
  if (expression.kind !== "sum") throw new RefusedGraph(`${place} adds nothing to what it reads.`);
  const { left, right } = expression;
  if (right.kind === "linear" && inputOf(right) === left) return [left, right];
  if (left.kind === "linear" && inputOf(left) === right) return [right, left];
  if ([left, right].some((one) => one.kind === "linear" && isNormOf(inputOf(one), one === left ? right : left))) {
    throw new RefusedGraph(
      `${place} normalizes before it computes (pre-layer-norm); the engine normalizes after the sum.`,
    );
  }
  throw new RefusedGraph(
    `${place} is not of BERT's form: a sum of what it reads and what it computes, then a normalization.`,
  );
}

function isNormOf(expression: Expression | null, of: Expression): boolean {
  return expression?.kind === "norm" && expression.of === of;
}

/** What a block reads, from its last product. */
function inputOf({ of }: LinearMap): Expression | null {
  if (of.kind === "attention") return of.value.kind === "linear" ? of.value.of : null;
  return of.kind === "pointwise" && of.of.kind === "linear" ? of.of.of : null;
}

function isEmbedding(rows: Expression): boolean {
  const norm = rows.kind === "linear" ? rows.of : rows;
  return norm.kind === "norm" && isLookups(norm.of);
}

function isLookups(expression: Expression): boolean {
  if (expression.kind === "sum") return isLookups(expression.left) && isLookups(expression.right);
  return expression.kind === "lookup";
}

function findEmbeddings(rows: Expression): { projection: LinearMap | null; norm: Normalized } {
  const projection = rows.kind === "linear" ? rows : null;
  if (projection !== null && projection.inputs === projection.outputs) {
    throw new RefusedGraph(
      "It multiplies its embeddings by a square matrix, which the engine does only to widen them.",
    );
  }
  return { projection, norm: normOf(projection === null ? rows : projection.of, "The embedding ends") };
}

function lookupsOf(expression: Expression): Lookup[] {
  if (expression.kind === "sum") return [...lookupsOf(expression.left), ...lookupsOf(expression.right)];
  return expression.kind === "lookup" ? [expression] : [];
}

function linearOf(expression: Expression, place: string): LinearMap {
  if (expression.kind === "linear") return expression;
  throw new RefusedGraph(`${place} is ${nounOf(expression)} where a product with a matrix is expected.`);
}

function normOf(expression: Expression, place: string): Normalized {
  if (expression.kind === "norm") return expression;
  const hint = expression.kind === "sum" ? " (a pre-layer-norm model normalizes before each block)" : "";
  throw new RefusedGraph(`${place} with ${nounOf(expression)} instead of a normalization${hint}.`);
}

function activation(apply: (x: number) => number, place: string): Activation {
  const found = activationOf(apply);
  if (found !== null) return found;
  throw new RefusedGraph(`${place} has an activation other than GELU, ReLU and tanh.`);
}

function weightsOf({ inputs, outputs, weight, bias }: LinearMap): Linear {
  return { inputs, outputs, weight, bias: bias ?? new Float32Array(outputs) };
}

function normWeights({ gain, offset, of }: Normalized): Norm {
  const width = gain?.length ?? offset?.length;
  if (width === undefined) throw new RefusedGraph(`It normalizes ${nounOf(of)} without a gain and an offset.`);
  return { gain: gain ?? new Float32Array(width).fill(1), offset: offset ?? new Float32Array(width) };
}

function nounOf({ kind }: Expression): string {
  const nouns: Readonly<Record<Expression["kind"], string>> = {
    lookup: "a lookup",
    linear: "a product with a matrix",
    sum: "a sum",
    pointwise: "an activation",
    norm: "a normalization",
    mean: "a mean",
    centred: "a difference from a mean",
    variance: "a variance",
    scores: "scores",
    shares: "a softmax",
    "not a number": "a check for NaN",
    attention: "attention",
  };
  return nouns[kind];
}
