/** Pure. What a version changes, as lines for a terminal. */
import type { Change } from "../../../policies/versions/changes.ts";
import type { Paint } from "../terminal/colors.ts";
import { tableLines } from "../terminal/table.ts";
import { wrapped } from "../terminal/wrap.ts";

/**
 * The changes as lines: sentences on residency, values in columns, then sentences on lists.
 * @param columns of the terminal; null for no wrapping
 */
export function changeLines(changes: readonly Change[], paint: Paint, columns: number | null): string[] {
  const rows = changes.flatMap((change) =>
    change.kind === "value" ? [[change.place, change.before, "→", change.after]] : [],
  );
  const paintCell = (text: string, column: number) =>
    column === 1 ? paint("red", text) : column === 3 ? paint("green", text) : text;
  const sentencesOn = (kind: "residency" | "list") =>
    changes.flatMap((change) => (change.kind === kind ? wrapped(change.sentence, { columns, indent: 2 }) : []));
  return [
    ...sentencesOn("residency"),
    ...tableLines({ head: null, rows, paintCell }, columns).rows.flat(),
    ...sentencesOn("list"),
  ];
}
