/** Pure. A report as Markdown, for a pull request. */
import type { Finding } from "../../../control-plane/report/findings.ts";
import { counted, days, minute, percent } from "../../../control-plane/report/numbers.ts";
import type { Report } from "../../../control-plane/report/report.ts";
import { summaryOf } from "../../../control-plane/report/summary.ts";
import type { Cell, Table } from "../../../control-plane/report/table.ts";
import { tablesOf } from "../../../control-plane/report/tables.ts";

/** The tables that a decision needs; the others are folded. */
const OPEN = ["arms", "comparison", "versions", "agreement"];
const MARKS = { warning: "**Warning:** ", missing: "**Missing:** ", note: "" } as const;

export function reportMarkdown(report: Report, findings: readonly Finding[]): string {
  const { from, to, countedDays, texts, requests, coverage } = report;
  const counts = `${counted(texts, "text")} in ${counted(requests, "request")}`;
  const range = `${minute(from)} to ${minute(to)} UTC${countedDays === 0 ? "" : `, ${days(countedDays)} counted`}`;
  const tables = tablesOf(report);
  const open = tables.filter(({ id }) => OPEN.includes(id));
  const folded = tables.filter(({ id }) => !OPEN.includes(id));
  return `${[
    "## Spillway report",
    escaped(`${range}; ${counts}; coverage ${percent(coverage)}.`),
    listOf(summaryOf(report)),
    listOf(findings.map(({ level, text }) => MARKS[level] + text)),
    ...open.flatMap(tableMarkdown),
    ...(folded.length === 0
      ? []
      : [
          "<details><summary>Share, reasons, refusals, cost and more</summary>",
          ...folded.flatMap(tableMarkdown),
          "</details>",
        ]),
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function listOf(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${escaped(sentence)}`).join("\n");
}

function tableMarkdown({ title, head, rows, notes }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const alignment = head.map((_, column) => (column === 0 ? "---" : "---:"));
  const table = [line(head.map(escaped)), line(alignment), ...rows.map((row) => line(row.map(cellText)))].join("\n");
  return [`### ${title}`, table, ...notes.map(escaped)];
}

function cellText(cell: Cell): string {
  if (typeof cell === "string") return escaped(cell.startsWith(" ") ? `– ${cell.trim()}` : cell);
  return escaped([cell.text, cell.range].filter((part) => part !== "").join(" "));
}

/** Names come from policies and packages: none may end a cell, start markup or be a link. The brackets of intervals stay. */
function escaped(text: string): string {
  return text.replace(/[\\|<>`_]|\](?=[([])/g, (character) => `\\${character}`);
}
