/** Tables of a page in docs/, for tests that compare them with what is so. */
import { readFileSync } from "node:fs";

/** The cells of every row below a heading whose first cell is code, table by table. */
export function tablesBelow(page: string, heading: string): string[][][] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const section = text.split("\n## ").find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/${page} has no heading "${heading}"`);
  const tables = section.split(/\n\s*\n/).filter((block) => block.startsWith("|"));
  return tables.map((table) => table.split("\n").filter(isRow).map(cellsOf));
}

/** What stands in backticks. */
export function codesIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

const isRow = (line: string) => line.startsWith("| `");
const cellsOf = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
