/** Rules of matrix products and elementwise operators. A row of a product needs that row of the left matrix and the whole right matrix. */

import { isOne, isTokens } from "./dimension.ts";
import { intOf } from "./nodes.ts";
import { type RowQuestion, type RowRule, rowsOfFirst } from "./row-rule.ts";

export const matMul: RowRule = (question) => {
  const { node, axis, rank, facts } = question;
  const [left = "", right = ""] = node.input;
  const leftRank = facts.shapeOf(left)?.length ?? 0;
  const rightRank = facts.shapeOf(right)?.length ?? 0;
  if (leftRank < 2 || rightRank < 2 || axis === rank - 1) return undefined;
  if (axis === rank - 2) return { rows: new Map([[0, leftRank - 2]]) };
  const rows = new Map<number, number>();
  for (const [index, name] of [left, right].entries()) {
    const aligned = alignedAxis(question, name);
    if (aligned === "unknown") return undefined;
    if (aligned !== "whole") rows.set(index, aligned);
  }
  return { rows };
};

/** All rows must have the same zero point. */
export const matMulInteger: RowRule = (question) => {
  const zeroPoint = question.node.input[2] ?? "";
  const shape = zeroPoint === "" ? [] : question.facts.shapeOf(zeroPoint);
  return shape?.every(isOne) ? matMul(question) : undefined;
};

/** A product with a factor and transpositions. Only a transposition of the right matrix keeps rows independent. */
export const fusedMatMul: RowRule = (question) => {
  const turnsRows = ["transA", "transBatchA", "transBatchB"].some((name) => (intOf(question.node, name) ?? 0) !== 0);
  return turnsRows ? undefined : matMul(question);
};

export const gemm: RowRule = ({ node, axis, facts }) => {
  if (axis !== 0 || (intOf(node, "transA") ?? 0) !== 0) return undefined;
  const added = facts.shapeOf(node.input[2] ?? "") ?? [];
  const hasRows = added.length === 2 && isTokens(added[0]);
  return {
    rows: new Map([[0, 0], ...(hasRows ? [[2, 0] as const] : [])]),
  };
};

/** Operators that compute each element from the elements at the same position, with broadcasting. */
export const elementwise: RowRule = ({ node, axis, rank, facts }) => {
  const rows = new Map<number, number>();
  for (const [index, name] of node.input.entries()) {
    const aligned = alignedAxis({ axis, rank, facts }, name);
    if (aligned === "unknown") return undefined;
    if (aligned !== "whole") rows.set(index, aligned);
  }
  return { rows };
};

/** The input's axis that aligns with the output's; "whole" when the input is the same for all rows. */
function alignedAxis(
  { axis, rank, facts }: Pick<RowQuestion, "axis" | "rank" | "facts">,
  name: string,
): number | "whole" | "unknown" {
  if (name === "") return "whole";
  const shape = facts.shapeOf(name);
  if (shape === undefined) return "unknown";
  const own = axis - (rank - shape.length);
  if (own < 0 || isOne(shape[own])) return "whole";
  return isTokens(shape[own]) ? own : "unknown";
}

/** A scale is one number, or a vector of fixed size, which cannot be along the tokens. */
export const quantization: RowRule = ({ node, axis, facts }) => {
  const scale = facts.shapeOf(node.input[1] ?? "");
  return scale === undefined || scale.length > 1 ? undefined : rowsOfFirst(axis);
};
