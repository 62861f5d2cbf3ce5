/** The tables of a shard. */
import { VarintReader, VarintWriter } from "../../formats/ledger/varints.ts";
import { blobIn, type CountedSql, type Row } from "../counted-sql.ts";
import { readSequence, type Sequence, writeSequence } from "./isolates.ts";

/** A batch that the root has not confirmed. */
export interface StoredBatch {
  number: number;
  /** As in `ShardState`. */
  storage: string;
  minutes: Uint8Array;
}

export class ShardTables {
  readonly #sql: CountedSql;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define("CREATE TABLE IF NOT EXISTS pending (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL)");
    sql.define(
      "CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY, storage TEXT NOT NULL, minutes BLOB NOT NULL)",
    );
    sql.define(
      "CREATE TABLE IF NOT EXISTS isolate (id TEXT PRIMARY KEY, seen_ms INTEGER NOT NULL, sequence BLOB NOT NULL) WITHOUT ROWID",
    );
  }

  /** The packed state; null in new storage. */
  pending(): Uint8Array | null {
    return blobIn(this.#sql.first("SELECT body FROM pending"), "body");
  }

  setPending(body: Uint8Array): void {
    this.#sql.write("REPLACE INTO pending (id, body) VALUES (1, ?)", body);
  }

  batches(): number {
    return Number(this.#sql.first("SELECT COUNT(*) AS n FROM outbox")?.["n"]);
  }

  firstBatch(): StoredBatch | null {
    return this.#batch("SELECT number, storage, minutes FROM outbox ORDER BY number LIMIT 1");
  }

  lastBatch(): StoredBatch | null {
    return this.#batch("SELECT number, storage, minutes FROM outbox ORDER BY number DESC LIMIT 1");
  }

  /** In the order of their numbers. */
  allBatches(): StoredBatch[] {
    const rows = [...this.#sql.read("SELECT number, storage, minutes FROM outbox ORDER BY number")];
    return rows.flatMap((row) => batchIn(row) ?? []);
  }

  setBatch({ number, storage, minutes }: StoredBatch): void {
    this.#sql.write("REPLACE INTO outbox (number, storage, minutes) VALUES (?, ?, ?)", number, storage, minutes);
  }

  removeBatch(number: number): void {
    this.#sql.write("DELETE FROM outbox WHERE number = ?", number);
  }

  /** Keeps the sequence of an isolate that was not heard of for a while, in case it continues. */
  keepSequence(isolate: string, sequence: Sequence): void {
    const writer = new VarintWriter();
    writeSequence(writer, sequence);
    const values = [isolate, sequence.seenMs, writer.bytes()];
    this.#sql.write("REPLACE INTO isolate (id, seen_ms, sequence) VALUES (?, ?, ?)", ...values);
  }

  /** Null for an isolate whose sequence is not kept. */
  keptSequence(isolate: string): Sequence | null {
    const bytes = blobIn(this.#sql.first("SELECT sequence FROM isolate WHERE id = ?", isolate), "sequence");
    return bytes === null ? null : readSequence(new VarintReader(bytes));
  }

  removeSequencesBefore(seenMs: number): void {
    this.#sql.write("DELETE FROM isolate WHERE seen_ms < ?", seenMs);
  }

  #batch(select: string): StoredBatch | null {
    const row = this.#sql.first(select);
    return row === null ? null : batchIn(row);
  }
}

function batchIn(row: Row): StoredBatch | null {
  const minutes = blobIn(row, "minutes");
  return minutes === null ? null : { number: Number(row["number"]), storage: String(row["storage"]), minutes };
}
