/** Operators that compute each element from the elements at the same place, with one-sized dimensions stretched. */
import { isOne, isTokens } from "./dimension.ts";
import { type RowQuestion, type RowRule, rowsOfFirst } from "./row-rule.ts";

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
