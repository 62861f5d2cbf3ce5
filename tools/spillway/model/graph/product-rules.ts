/** Matrix products: a row of the product needs that row of the left matrix and all of the right one. */

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

/** The zero point of the rows must be one for all of them. */
export const matMulInteger: RowRule = (question) => {
  const zeroPoint = question.node.input[2] ?? "";
  const shape = zeroPoint === "" ? [] : question.facts.shapeOf(zeroPoint);
  return shape?.every(isOne) ? matMul(question) : undefined;
};

/** A factor and transpositions inside; only those of the right matrix leave its rows alone. */
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

/** Operators that compute each element from the elements at the same place, with one-sized dimensions stretched. */

export const elementwise: RowRule = ({ node, axis, rank, facts }) => {
  const rows = new Map<number, number>();
  for (const [index, name] of node.input.entries()) {
    const aligned = alignedAxis({ axis, rank, facts }, name);
    if (aligned === "unknown") return undefined;
    if (aligned !== "whole") rows.set(index, aligned);
  }
  return { rows };
};

/** The input's axis that lies under the output's; "whole" where the input is the same for all rows. */
export function alignedAxis(
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

/** One scale for all, or a vector along another axis: its size is fixed, so it cannot lie along the tokens. */
export const quantization: RowRule = ({ node, axis, facts }) => {
  const scale = facts.shapeOf(node.input[1] ?? "");
  return scale === undefined || scale.length > 1 ? undefined : rowsOfFirst(axis);
};
