/** Pure. A table in the width of a terminal: its cells are wrapped at words, and where even that does not fit, each row is a list. */
import { widthOf, wrapped } from "./wrap.ts";

const GAP = "  ";

export interface Table {
  /** Null: no titles. A first title that is blank is that of a mark, such as ●. */
  head: readonly string[] | null;
  rows: readonly (readonly string[])[];
  /** Indexes of the columns that are aligned right. */
  right?: readonly number[];
  /** Colours a part of a cell, once it has its place. */
  paintCell?: (text: string, column: number) => string;
}

export interface TableLines {
  /** Empty where there are no titles, or each row is a list. */
  head: string[];
  /** The lines of each row. */
  rows: string[][];
  /** The width of each column; null where each row is a list. */
  widths: readonly number[] | null;
}

/** @param columns of the terminal; null for no wrapping */
export function tableLines({ head, rows, right = [], paintCell }: Table, columns: number | null): TableLines {
  const all = head === null ? rows : [head, ...rows];
  const widths = widthsFor(all, columns);
  if (widths === null) return { head: [], rows: rows.map((row) => listOf(head, row, columns)), widths };
  const lines = all.map((row) => cellsInLines(row, { widths, right, paintCell: paintCell ?? ((text) => text) }));
  return head === null ? { head: [], rows: lines, widths } : { head: lines[0] ?? [], rows: lines.slice(1), widths };
}

/**
 * @param paint colours for a line of the head (row null) or of a row
 * @returns the table as text; where each row is a list, an empty line separates them
 */
export function tableText(table: Table, columns: number | null, paint: PaintLine = (line) => line): string {
  const { head, rows } = tableLines(table, columns);
  const isList = table.head !== null && head.length === 0;
  const texts = rows.map((lines, row) => lines.map((line) => paint(line, row)).join("\n"));
  return [...head.map((line) => paint(line, null)), texts.join(isList ? "\n\n" : "\n")].join("\n");
}

type PaintLine = (line: string, row: number | null) => string;

/** The width of each column; null if not even one word per line fits. */
function widthsFor(rows: readonly (readonly string[])[], columns: number | null): number[] | null {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widest = (measure: (cell: string) => number) =>
    Array.from({ length: count }, (_, column) => Math.max(0, ...rows.map((row) => measure(row[column] ?? ""))));
  const natural = widest(widthOf);
  const sum = (widths: readonly number[]) => widths.reduce((total, width) => total + width, 0);
  const space = columns === null ? Number.POSITIVE_INFINITY : columns - GAP.length * (count - 1);
  if (sum(natural) <= space) return natural;
  // A word of more than half a terminal, such as a digest, is divided.
  const widths = widest((cell) => Math.max(0, ...cell.split(/\s+/).map(widthOf))).map((width) =>
    Math.min(width, Math.floor(space / 2)),
  );
  let left = space - sum(widths);
  if (left < 0) return null;
  // What is left is shared evenly, until a column has all that it needs.
  while (left > 0) {
    const growing = widths.flatMap((width, column) => (width < (natural[column] ?? 0) ? [column] : []));
    for (const column of growing.slice(0, left)) widths[column] = (widths[column] ?? 0) + 1;
    left -= Math.min(left, growing.length);
    if (growing.length === 0) break;
  }
  return widths;
}

interface Layout extends Required<Pick<Table, "right" | "paintCell">> {
  widths: readonly number[];
}

function cellsInLines(row: readonly string[], { widths, right, paintCell }: Layout): string[] {
  const cells = widths.map((width, column) => wrapped(row[column] ?? "", { columns: width, dividesWords: true }));
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, index) =>
    cells
      .map((cell, column) => {
        const text = cell[index] ?? "";
        const padding = " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(text)));
        if (text === "") return padding;
        return right.includes(column) ? padding + paintCell(text, column) : paintCell(text, column) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** A row as lines of title and cell. Without titles, its cells follow each other. */
function listOf(head: readonly string[] | null, row: readonly string[], columns: number | null): string[] {
  if (head === null) {
    const cells = row.filter((cell) => cell.trim() !== "");
    return wrapped(cells.join(GAP), { columns, indent: GAP.length });
  }
  const hasMark = head[0]?.trim() === "";
  const mark = hasMark ? `${row[0] ?? ""} ` : "";
  const titles = head.slice(hasMark ? 1 : 0);
  const width = Math.max(...titles.map(widthOf));
  const lines = titles.flatMap((title, index) => {
    const cell = row[index + (hasMark ? 1 : 0)] ?? "";
    const label = title.padEnd(width) + GAP;
    return cell.trim() === ""
      ? []
      : wrapped(label + cell, { columns: columns === null ? null : columns - widthOf(mark), indent: label.length });
  });
  return lines.map((line, index) => (index === 0 ? mark : " ".repeat(widthOf(mark))) + line);
}
