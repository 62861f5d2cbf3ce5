/** `spillway policy history`: the versions that were stored, newest first. */

import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { type Paint, paintFor } from "../terminal/colors.ts";
import { type HistoryRow, historyRows } from "./history-row.ts";
import { withPolicyState } from "./open-policy.ts";

interface Options extends WhereOptions {
  json?: true;
}

export function registerHistory(policy: Command): void {
  const history = policy
    .command("history")
    .description("List the last 50 versions: when, by whom, and what changed.")
    .option("--json", "as JSON, with each version's text");
  addWhereOptions(history).action(({ json, ...where }: Options) =>
    withPolicyState(where, async (seen) => {
      const rows = historyRows(seen.history);
      if (json) console.log(JSON.stringify(rows.map(asJson), null, 2));
      else if (rows.length === 0) console.log("No policy has been stored yet; the defaults serve.");
      else console.log(historyTable(rows, paintFor(process.stdout, process.env), process.stdout.columns ?? null));
    }),
  );
}

function asJson({ entry, mark, problem, changes, remark }: HistoryRow) {
  return { ...entry, outside: entry.author === null, inForce: mark === "in-force", problem, changes, remark };
}

/** The history as a table for people. */

const MARKS = { "in-force": "●", stored: "○", none: " " } as const;
const OUTSIDE = "outside the spillway command";
const AUTHOR_MAX = OUTSIDE.length;
/** The last column's least width; a narrower terminal wraps by itself. */
const LAST_MIN = 24;
const GAP = "  ";

/** `columns` is the terminal's width, which the last column is wrapped to; null: nothing is wrapped. */
export function historyTable(rows: readonly HistoryRow[], paint: Paint, columns: number | null): string {
  const head = [" ", "version", "when", "author", "changes"];
  const cells = rows.map(cellsOf);
  const widths = head
    .slice(0, -1)
    .map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const indent = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const width = columns === null ? null : Math.max(LAST_MIN, columns - indent);
  const [headLine = "", ...rowLines] = [head, ...cells].map((row) => {
    const first = widths.map((width, column) => (row[column] ?? "").padEnd(width) + GAP).join("");
    return first + wrapped(row.at(-1) ?? "", width).join(`\n${" ".repeat(indent)}`);
  });
  const painted = rowLines.map((line, index) => paintRow(line, rows[index], paint));
  return [paint("bold", headLine), ...painted, "", paint("dim", legend(rows))].join("\n");
}

/** At spaces; within a word only where it is longer than a line. */
function wrapped(text: string, width: number | null): string[] {
  if (width === null || text.length <= width) return [text];
  const space = text.lastIndexOf(" ", width);
  const end = space > 0 ? space : width;
  return [text.slice(0, end), ...wrapped(text.slice(end).trimStart(), width)];
}

function cellsOf({ entry, mark, problem, changes, remark }: HistoryRow): string[] {
  const outside = entry.author === null;
  const told = [
    problem === null ? changes : `not taken: ${problem}`,
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

/** The name alone; `--json` has the address too. */
function shortened(address: string): string {
  const author = address.replace(/ <[^>]*>$/, "");
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
  return `● in force${stored ? `${GAP}○ stored, but not taken: each isolate keeps the last good one it has seen` : ""}`;
}
