/**
 * Pure. The head of a sequence classifier reads only the first token's row of the last hidden state. So the last layer needs only that
 * row of its query, attention output and feed-forward; keys and values are still needed for all tokens. The logits do not change.
 */
import { applyRows } from "./apply-rows.ts";
import {
  countAt,
  type Dimension,
  fixed,
  isBatch,
  isTokens,
  productOf,
  type Shapes,
  type TensorShape,
} from "./dimension.ts";
import { type GraphFacts, graphFacts } from "./graph-facts.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { isStandard } from "./nodes.ts";
import { removeUnusedNodes } from "./remove-unused-nodes.ts";
import { planRows, type RowPlan } from "./row-plan.ts";
import { toNumber } from "./tensors.ts";

/** Since this version the axes of Squeeze and Unsqueeze are inputs, and Softmax works along one axis. */
const OPSET_MIN = 13;
/** The length of text for which multiplications are counted. */
const COUNTED_TOKENS = 128;
const WORTHWHILE_SHARE = 0.01;

export interface FirstTokenOnly {
  model: OnnxModel;
  /** Names of the matrix products that now compute one row. */
  savedNodes: readonly string[];
  /** Of one text of 128 tokens. */
  multiplications: { before: number; after: number };
}

/**
 * Rewrites a model so that its last layer computes only the first token's row.
 * @param shapes the result of `observeShapes`
 * @returns the rewritten model, or `unchanged`: the reason in one sentence
 */
export function computeFirstTokenOnly(model: OnnxModel, shapes: Shapes): FirstTokenOnly | { unchanged: string } {
  const { graph } = model;
  const version = model.opsetImport.find(({ domain }) => domain === undefined || domain === "")?.version;
  const opset = version === undefined ? 0 : toNumber(version);
  if (opset < OPSET_MIN) return { unchanged: `It uses operator set ${opset}; export it with ${OPSET_MIN} or later.` };
  const tokenInput = graph.input.find(({ name }) => isTokenMatrix(shapes, name))?.name;
  if (tokenInput === undefined) return { unchanged: "None of its inputs is a matrix of texts by tokens." };

  const facts = graphFacts(graph, shapes);
  const plan = planRows(graph, facts);
  const saved = [...plan.narrowed.keys()].filter(isProduct);
  if (saved.length === 0) return { unchanged: whyNothing(plan) };
  const multiplications = countBoth(graph.node, plan, facts);
  const share = 1 - multiplications.after / multiplications.before;
  if (share < WORTHWHILE_SHARE) {
    return {
      unchanged: `It would save only ${(share * 100).toFixed(2)} % of the multiplications.`,
    };
  }
  const rewritten = removeUnusedNodes(applyRows(graph, plan, facts, tokenInput));
  const savedNodes = saved.map((node) => node.name || (node.output[0] ?? node.opType));
  return { model: { ...model, graph: rewritten }, savedNodes, multiplications };
}

function isTokenMatrix(shapes: Shapes, name: string): boolean {
  const shape = shapes.get(name);
  return shape?.length === 2 && isBatch(shape[0]) && isTokens(shape[1]);
}

function countBoth(nodes: readonly OnnxNode[], plan: RowPlan, facts: GraphFacts) {
  let before = 0;
  let after = 0;
  for (const node of nodes) {
    before += multiplicationsOf(node, facts, COUNTED_TOKENS);
    if (plan.isWanted(node)) after += multiplicationsOf(node, facts, COUNTED_TOKENS, plan.narrowed.get(node)?.axis);
  }
  return { before, after };
}

function whyNothing({ reads, stops }: RowPlan): string {
  if (reads.size === 0) return "No operator of the model reads only the first token's row.";
  const fused = stops.filter((node) => !isStandard(node));
  if (fused.length > 0) {
    return `It contains fused operators (${operatorsOf(fused)}), which compute all rows; export it without the graph optimizer.`;
  }
  if (stops.length > 0) return `${operatorsOf(stops)} before the head computes all rows.`;
  return "No matrix product lies between the read of the first token's row and the operators that need all rows.";
}

function operatorsOf(nodes: readonly OnnxNode[]): string {
  return [...new Set(nodes.map(({ opType }) => opType))].join(", ");
}

/** Matrix products take nearly all of a transformer's time. */
const products = new Set(["MatMul", "MatMulInteger", "FusedMatMul", "Gemm"]);

function isProduct(node: OnnxNode): boolean {
  return products.has(node.opType);
}

/**
 * Multiplications of a node for one text of `tokens` tokens; 0 for operators that are no matrix product. `narrowedAxis` is the axis of
 * the output that was narrowed to one row.
 */
function multiplicationsOf(node: OnnxNode, facts: GraphFacts, tokens: number, narrowedAxis?: number): number {
  if (!isProduct(node)) return 0;
  const output = facts.shapeOf(node.output[0] ?? "") ?? [];
  const inner = facts.shapeOf(node.input[0] ?? "")?.at(-1) ?? null;
  const shrunk: TensorShape = output.map((dimension, axis) => (axis === narrowedAxis ? fixed(1) : dimension));
  const product: Dimension | null = productOf([...shrunk, inner]);
  return product === null ? 0 : countAt(product, 1, tokens);
}
