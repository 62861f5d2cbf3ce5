/** Two versions of the policy, or two models, as a table. Pure. */
import type { Arm } from "../../formats/ledger/series.ts";
import type { Comparison } from "./comparison.ts";
import { failureCell, figureRows, ratioCell } from "./figure-rows.ts";
import { count, percent } from "./numbers.ts";
import { type Cell, type Table, tableOf } from "./table.ts";
import { namesOf, type VersionComparison } from "./versions.ts";

const ARMS: readonly Arm[] = ["inside", "outside", "ineligible"];
/** The other figures of an arm are in the JSON. */
const SHOWN = ["texts", "failed", "P50", "P95", "P99"];

export function versionTable(compared: VersionComparison): Table {
  const { by, first, second, differences } = compared;
  const rows = ARMS.flatMap((arm) => {
    const figures = [first.arms[arm], second.arms[arm]];
    if (figures.every(({ texts }) => texts === 0)) return [];
    const shown = figureRows(figures).filter(({ name }) => SHOWN.includes(name));
    return shown.map(({ name, cells }) => [
      name === "texts" ? arm : ` ${name}`,
      ...cells,
      difference(name, differences[arm]),
    ]);
  });
  const labels = [first, second].map(({ agreement: { compared, disagreed, atMost } }) => ({
    text: `${count(disagreed)} of ${count(compared)}`,
    range: atMost === null ? "" : `≤ ${percent(atMost)}`,
  }));
  return tableOf({
    id: "versions",
    title: by === "policy" ? "Two versions of the policy" : "Two models",
    head: ["texts", ...namesOf(compared), "difference"],
    rows: [...rows, ["other label", ...labels, ""]],
    notes: [
      "Difference: the second P95 over the first, and points of failures. The versions served at different times, so other texts may have come.",
    ],
  });
}

function difference(name: string, comparison: Comparison): Cell {
  if (name === "P95") return ratioCell(comparison);
  return name === "failed" ? failureCell(comparison) : "";
}
