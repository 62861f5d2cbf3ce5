/** Pure. A Markdown table whose columns line up in the source too. */

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(escaped));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [headLine = [], ...rowLines] = cells;
  return [line(headLine), line(widths.map((width) => "-".repeat(width))), ...rowLines.map(line)].join("\n");
}

/** Outside of code, `<name>` would be taken for a tag. */
function escaped(cell: string): string {
  const parts = cell
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ")
    .split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "\\<"))).join("");
}
