/** Pure. Markdown for pages that are read in a terminal too: tables whose columns line up, text that is wrapped. */

import { widthOf } from "../spillway/terminal/wrap.ts";

/** No line of a generated page is longer, links aside. */
export const MAX_COLUMNS = 120;

/** @returns a table; `<` and `|` in cells are escaped, outside of code spans */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped));
  // By the columns that a terminal shows, as biome formats: a Chinese character has two.
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => widthOf(row[column] ?? ""))));
  const padded = (cell: string, width: number) => cell + " ".repeat(width - widthOf(cell));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => padded(row[column] ?? "", width)).join(" | ")} |`;
  const [headLine = [], ...rowLines] = cells;
  return [line(headLine), line(widths.map((width) => "-".repeat(width))), ...rowLines.map(line)].join("\n");
}

/** Outside of code, `<name>` would be read as a tag. */
export function escaped(text: string): string {
  const parts = text
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ")
    .split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "\\<"))).join("");
}

/** @returns the text in lines of at most `MAX_COLUMNS`; the second and all further lines begin with `indent` */
export function wrapped(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > MAX_COLUMNS) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

/** One item of a list: a term and what it means. */
export function item(term: string, meaning: string): string {
  return wrapped(`- ${term}: ${escaped(meaning)}`, "  ");
}

/** The comment that marks a page as not written by hand. */
export function generatedFrom(source: string): string {
  return `<!-- Generated from ${source} by npm run docs:generate. Do not edit. -->`;
}
