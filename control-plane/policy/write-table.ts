/**
 * The versions that the root object writes, each stored before KV gets it: a write that a crash interrupts is repeated with the same bytes,
 * and while KV still returns an older version the newest one is known.
 */
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";
import type { Entry } from "../../policies/versions/history.ts";
import type { CountedSql, Row } from "../counted-sql.ts";

/** Older ones are removed. A key that is repeated later than after so many writes saves a second version. */
const MAX_WRITES = 50;

export interface PolicyWrite {
  /** Of the edit. */
  key: string;
  atMs: number;
  isDone: boolean;
  entry: Entry & { text: string };
  /** SHA-256 of the versions that the history had before: KV may still return one of them. */
  earlier: readonly string[];
}

const entrySchema = z.object({
  name: z.string(),
  version: z.number().nullable(),
  timeIso: z.string(),
  author: z.string().nullable(),
  message: z.string().nullable(),
  text: z.string(),
  sha256: z.string(),
});
const earlierSchema = z.array(z.string());

export class WriteTable {
  readonly #sql: CountedSql;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define(`CREATE TABLE IF NOT EXISTS policy_write (
      id INTEGER PRIMARY KEY, key TEXT NOT NULL, at_ms INTEGER NOT NULL, done INTEGER NOT NULL, entry TEXT NOT NULL,
      earlier TEXT NOT NULL)`);
  }

  /** A write that begins now. */
  begin({ key, atMs, entry, earlier }: Omit<PolicyWrite, "isDone">): void {
    this.#sql.write(
      "INSERT INTO policy_write (key, at_ms, done, entry, earlier) VALUES (?, ?, 0, ?, ?)",
      ...[key, atMs, JSON.stringify(entry), JSON.stringify(earlier)],
    );
    const oldest = "SELECT id FROM policy_write ORDER BY id DESC LIMIT 1 OFFSET ?";
    this.#sql.write(`DELETE FROM policy_write WHERE id <= (${oldest})`, MAX_WRITES);
  }

  confirm(key: string): void {
    this.#sql.write("UPDATE policy_write SET done = 1 WHERE key = ?", key);
  }

  /** A write that another author's version replaced. */
  abandon(key: string): void {
    this.#sql.write("DELETE FROM policy_write WHERE key = ?", key);
  }

  withKey(key: string): PolicyWrite | null {
    return writeIn(this.#sql.first("SELECT * FROM policy_write WHERE key = ? ORDER BY id DESC", key));
  }

  /** The write that is not confirmed: at most one. */
  unconfirmed(): PolicyWrite | null {
    return writeIn(this.#sql.first("SELECT * FROM policy_write WHERE done = 0 ORDER BY id DESC"));
  }

  /** The writes since this time, oldest first. */
  since(ms: number): PolicyWrite[] {
    const rows = this.#sql.read("SELECT * FROM policy_write WHERE at_ms > ? ORDER BY id", ms);
    return [...rows].flatMap((row) => writeIn(row) ?? []);
  }
}

function writeIn(row: Row | null): PolicyWrite | null {
  if (row === null) return null;
  return {
    key: String(row["key"]),
    atMs: Number(row["at_ms"]),
    isDone: row["done"] === 1,
    entry: entrySchema.parse(parseJson(String(row["entry"]))),
    earlier: earlierSchema.parse(parseJson(String(row["earlier"]))),
  };
}
