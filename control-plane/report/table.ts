/** A table of texts, whatever draws it. */

/** A figure with its interval, which may be drawn under it or beside it. */
export type Cell = string | { text: string; range: string };

export interface Table {
  id: string;
  title: string;
  /** The first column has names, the others figures. */
  head: string[];
  rows: Cell[][];
  /** Sentences below it. */
  notes: string[];
  /** Of each row: the part from 0 to 1 that a bar shows. */
  bars: number[] | null;
}

export function tableOf(table: Omit<Table, "notes" | "bars"> & Partial<Table>): Table {
  return { notes: [], bars: null, ...table };
}
