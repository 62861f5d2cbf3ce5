/** Pure. A report as lines for a terminal of 60 to 100 columns. */
import type { Finding } from "../../../control-plane/report/findings.ts";
import { counted, days, minute, percent } from "../../../control-plane/report/numbers.ts";
import type { Report } from "../../../control-plane/report/report.ts";
import { summaryOf } from "../../../control-plane/report/summary.ts";
import type { Cell, Table } from "../../../control-plane/report/table.ts";
import { tablesOf } from "../../../control-plane/report/tables.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import type { Paint } from "../terminal/colors.ts";
import { timeStrips } from "./time-strips.ts";
import { wrapped } from "./wrapped.ts";

const MIN_COLUMNS = 40;
const MAX_COLUMNS = 100;
const INDENT = "  ";
const GAP = 2;
const MAX_BAR = 40;

/** @param columns of the terminal; at most 100 are used */
export function terminalLines(report: Report, findings: readonly Finding[], columns: number, paint: Paint): string[] {
  const width = Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, columns));
  const coverage = `coverage ${percent(report.coverage)}`;
  return [
    ...headLines(report, coverage, width, paint),
    ...sentenceLines(summaryOf(report), "", width, (line) => line),
    ...findings.flatMap(({ level, text }) =>
      sentenceLines([text], MARKS[level], width, (line) => paint(STYLES[level], line)),
    ),
    ...tablesOf(report).flatMap((table) => [
      "",
      headline(table.title, coverage, width, paint),
      ...tableLines(table, width, paint),
      ...(table.id === "arms" ? ["", ...timeStrips(report.arms, width, paint)] : []),
      ...table.notes.flatMap((note) => wrapped(note, width - INDENT.length)).map((line) => paint("dim", INDENT + line)),
    ]),
  ];
}

const MARKS = { warning: "! ", missing: "→ ", note: "· " } as const;
const STYLES = { warning: "yellow", missing: "cyan", note: "dim" } as const;

function headLines(report: Report, coverage: string, width: number, paint: Paint): string[] {
  const { from, to, countedDays, texts, requests, policies, models } = report;
  const names = [
    ...(policies.length === 0 ? [] : [`policy ${policies.map(({ name }) => name).join(", ")}`]),
    ...models.map(({ name }) => shortModelId(name)),
  ];
  const facts = `${counted(texts, "text")} in ${counted(requests, "request")}`;
  return [
    headline("Spillway report", coverage, width, paint),
    ...wrapped(
      `${minute(from)} to ${minute(to)} UTC${countedDays === 0 ? "" : `, ${days(countedDays)} counted`}`,
      width,
    ),
    ...wrapped([facts, ...names].join("; "), width),
    "",
  ];
}

/** A title in bold, and a fact at the right end of the line. */
export function headline(title: string, right: string, width: number, paint: Paint): string {
  const space = " ".repeat(Math.max(GAP, width - title.length - right.length));
  return paint("bold", title) + space + paint("dim", right);
}

/** Sentences in lines with an indent; the mark is before the first line of each. */
export function sentenceLines(
  sentences: readonly string[],
  mark: string,
  width: number,
  painted: (line: string) => string,
): string[] {
  return sentences.flatMap((sentence) =>
    wrapped(sentence, width - INDENT.length - mark.length).map((line, index) =>
      painted(`${INDENT}${index === 0 ? mark : " ".repeat(mark.length)}${line}`),
    ),
  );
}

/** With intervals beside their figures where the terminal is wide enough, otherwise under them. */
export function tableLines(table: Table, width: number, paint: Paint): string[] {
  const wide = [table.head, ...table.rows].map((row) => row.map(inOneLine));
  const isWide = INDENT.length + lengthOf(widthsOf(wide)) <= width;
  const rows = isWide ? wide : [table.head, ...table.rows.flatMap(inTwoLines)];
  const widths = widthsOf(rows);
  const fits = INDENT.length + lengthOf(widths) <= width;
  // A name that does not fit is shortened; figures never are.
  const first = fits ? (widths[0] ?? 0) : Math.max(8, (widths[0] ?? 0) - (INDENT.length + lengthOf(widths) - width));
  const barSpace = Math.min(MAX_BAR, width - INDENT.length - lengthOf(widths) - GAP);
  return rows.map((row, index) => {
    const cells = row.map((cell, column) =>
      column === 0 ? shortened(cell, first).padEnd(first) : cell.padStart(widths[column] ?? 0),
    );
    const line = `${INDENT}${cells.join(" ".repeat(GAP))}`.trimEnd();
    if (index === 0) return paint("dim", line);
    const bar = table.bars === null || barSpace < 5 ? "" : barOf(table.bars[index - 1] ?? 0, barSpace);
    return bar === "" ? line : `${line}${" ".repeat(GAP)}${paint("blue", bar)}`;
  });
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

function barOf(part: number, space: number): string {
  const eighths = Math.max(1, Math.round(part * space * 8));
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}

function inOneLine(cell: Cell): string {
  return typeof cell === "string" ? cell : [cell.text, cell.range].filter((part) => part !== "").join(" ");
}

function inTwoLines(row: readonly Cell[]): string[][] {
  const texts = row.map((cell) => (typeof cell === "string" ? cell : cell.text));
  const ranges = row.map((cell) => (typeof cell === "string" ? "" : cell.range));
  return ranges.every((range) => range === "") ? [texts] : [texts, ranges];
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(...rows.map((row) => row.length));
  return Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

function lengthOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
