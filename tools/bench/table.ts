/** A plain text table. Pure. */

export interface Table {
  title: string;
  header: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

/** @returns the title, the header, a rule and the rows as lines; columns of numbers are aligned right, others left */
export function renderTable({ title, header, rows }: Table): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => String(row[column] ?? "").length)),
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
