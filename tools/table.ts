/** A table of a bench's numbers as text. Pure. */
import { tableLines } from "./spillway/terminal/table.ts";

export interface Table {
  title: string;
  header: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

/**
 * @param columns of the terminal, whose width the table gets; null for a file
 * @returns the title, the header, a rule and the rows as lines; columns of numbers are aligned right, others left
 */
export function renderTable({ title, header, rows }: Table, columns: number | null = null): string {
  const right = header.flatMap((_, column) => (rows.every((row) => typeof row[column] === "number") ? [column] : []));
  const table = tableLines({ head: header, rows: rows.map((row) => row.map(String)), right }, columns);
  // Where each row is a list, an empty line separates them.
  if (table.widths === null) return [title, ...table.rows.map((lines) => lines.join("\n"))].join("\n\n");
  const rule = table.widths.map((width) => "─".repeat(width)).join("  ");
  return [title, ...table.head, rule, ...table.rows.flat()].join("\n");
}
