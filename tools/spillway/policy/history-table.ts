/** The history as a table for people. */
import { stripVTControlCharacters } from "node:util";
import type { HistoryRow } from "../../policy/history-row.ts";
import type { Paint } from "./colours.ts";

const MARKS = { "in-force": "●", stored: "○", none: " " } as const;
const OUTSIDE = "outside the spillway command";
const AUTHOR_MAX = 32;
const GAP = "  ";

/** `columns` is the terminal's width, which the last column is cut to; null: nothing is cut. */
export function historyTable(rows: readonly HistoryRow[], paint: Paint, columns: number | null): string {
  const head = [" ", "version", "when", "author", "changes"];
  const cells = rows.map(cellsOf);
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const lines = [head, ...cells].map((row) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
    return columns !== null && line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
  });
  const [headLine = "", ...rowLines] = lines;
  const painted = rowLines.map((line, index) => paintRow(line, rows[index], paint));
  return [paint("bold", headLine), ...painted, "", paint("dim", legend(rows))].join("\n");
}

function cellsOf({ entry, mark, problem, changes, remark }: HistoryRow): string[] {
  const outside = entry.author === null;
  const told = [
    problem === null ? changes : `broken: ${problem}`,
    ...(remark === null ? [] : [`(${remark})`]),
    ...(entry.message === null ? [] : [`“${entry.message}”`]),
  ];
  return [
    MARKS[mark],
    entry.name,
    `${outside ? "seen " : ""}${new Date(entry.timeIso).toLocaleString("sv-SE")}`,
    shortened(entry.author ?? OUTSIDE),
    told.join(" "),
    // Names and messages are others' words: nothing in them may steer the terminal.
  ].map((cell) => stripVTControlCharacters(cell).replaceAll(/\s+/g, " "));
}

function shortened(author: string): string {
  return author.length > AUTHOR_MAX ? `${author.slice(0, AUTHOR_MAX - 1)}…` : author;
}

function paintRow(line: string, row: HistoryRow | undefined, paint: Paint): string {
  if (row === undefined) return line;
  if (row.problem !== null) return paint("red", line);
  if (row.mark === "in-force") return paint("green", line);
  return row.entry.author === null ? paint("yellow", line) : line;
}

function legend(rows: readonly HistoryRow[]): string {
  const stored = rows.some(({ mark }) => mark === "stored");
  return `● in force${stored ? `${GAP}○ stored, but broken: each isolate keeps the last good one it has seen` : ""}`;
}
