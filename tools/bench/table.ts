/** Pure. A plain table for people: numbers to the right, words to the left. */

export interface Table {
  title: string;
  header: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

export function renderTable({ title, header, rows }: Table): string {
  const widths = header.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => String(row[column] ?? "").length)),
  );
  const isNumber = header.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber[column] ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [title, line(header), line(widths.map((width) => "─".repeat(width))), ...rows.map(line)].join("\n");
}
