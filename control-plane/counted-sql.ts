/** The SQL of an object, which counts the rows that it writes, as they are billed. */

export type Row = Record<string, SqlStorageValue>;
export type SqlValue = SqlStorageValue | Uint8Array;

export class CountedSql {
  readonly #sql: SqlStorage;
  #rowsWritten = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Creates what does not exist yet. */
  define(statement: string): void {
    this.#sql.exec(statement);
  }

  read(statement: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#sql.exec(statement, ...values.map(bound));
  }

  /** The first row; null if there is none. */
  first(statement: string, ...values: SqlValue[]): Row | null {
    return this.#sql.exec(statement, ...values.map(bound)).toArray()[0] ?? null;
  }

  /** @returns the rows of a `RETURNING` */
  write(statement: string, ...values: SqlValue[]): Row[] {
    const cursor = this.#sql.exec(statement, ...values.map(bound));
    const rows = cursor.toArray();
    this.#rowsWritten += cursor.rowsWritten;
    return rows;
  }

  /** Counts rows that are written in another way, such as an alarm's: it is billed as one. */
  countRows(rows: number): void {
    this.#rowsWritten += rows;
  }

  /** The rows written since the last call. */
  takeRowsWritten(): number {
    const rows = this.#rowsWritten;
    this.#rowsWritten = 0;
    return rows;
  }
}

/** Bytes are copied: a view would be stored as its whole buffer. */
function bound(value: SqlValue): SqlStorageValue {
  return value instanceof Uint8Array ? Uint8Array.from(value).buffer : value;
}

/** A BLOB column's value; null where it has none. */
export function blobIn(row: Row | null, column: string): Uint8Array | null {
  const value = row?.[column];
  return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
}
