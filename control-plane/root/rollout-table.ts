/** The tables of rollouts: their states, their looks (append-only), and who did what. */
import type { CountedSql, Row } from "../counted-sql.ts";
import type { HalvesWatch } from "../rollout/halves.ts";
import type { Look, Rollout } from "../rollout/types.ts";
import type { AuditRow } from "../rollout-port.ts";

/** Of one rollout, in an answer. Every look is kept. */
const MAX_LOOKS_READ = 500;
const MAX_AUDIT_READ = 200;
const MAX_ROLLOUTS_READ = 100;

export interface StoredRollout {
  rollout: Rollout;
  /** Time between two looks. */
  lookEveryMs: number;
  /** When the next look is due; null once the rollout has ended and its last write is done. */
  nextLookMs: number | null;
}

export class RolloutTable {
  readonly #sql: CountedSql;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define(`CREATE TABLE IF NOT EXISTS rollout (
      id INTEGER PRIMARY KEY, body TEXT NOT NULL, look_every_ms INTEGER NOT NULL, next_look_ms INTEGER)`);
    sql.define(`CREATE TABLE IF NOT EXISTS look (
      rollout INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (rollout, number)) WITHOUT ROWID`);
    sql.define(`CREATE TABLE IF NOT EXISTS audit (
      id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, by_name TEXT NOT NULL, what TEXT NOT NULL, rollout INTEGER)`);
    sql.define("CREATE TABLE IF NOT EXISTS halves (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL)");
  }

  /** The id of the next rollout: 1, 2, 3 … */
  nextId(): number {
    return Number(this.#sql.first("SELECT COALESCE(MAX(id), 0) + 1 AS id FROM rollout")?.["id"]);
  }

  /** Stores a rollout, and its look if there is one. */
  store({ rollout, lookEveryMs, nextLookMs }: StoredRollout, look: Look | null): void {
    this.#sql.write(
      "REPLACE INTO rollout (id, body, look_every_ms, next_look_ms) VALUES (?, ?, ?, ?)",
      ...[rollout.id, JSON.stringify(rollout), lookEveryMs, nextLookMs],
    );
    if (look === null) return;
    const values = [rollout.id, look.number, JSON.stringify(look)];
    this.#sql.write("INSERT INTO look (rollout, number, body) VALUES (?, ?, ?)", ...values);
  }

  /** The rollout that is not over, or whose rollback is not written: at most one. */
  active(): StoredRollout | null {
    return storedIn(this.#sql.first("SELECT * FROM rollout WHERE next_look_ms IS NOT NULL ORDER BY id DESC"));
  }

  withId(id: number): StoredRollout | null {
    return storedIn(this.#sql.first("SELECT * FROM rollout WHERE id = ?", id));
  }

  /** The latest ones, the newest first. */
  all(): Rollout[] {
    const rows = this.#sql.read("SELECT * FROM rollout ORDER BY id DESC LIMIT ?", MAX_ROLLOUTS_READ);
    return [...rows].flatMap((row) => storedIn(row)?.rollout ?? []);
  }

  /** The latest looks of a rollout, the oldest first. @param before those with a lower number only; null for all */
  looks(id: number, before: number | null): Look[] {
    const rows = this.#sql.read(
      "SELECT body FROM look WHERE rollout = ? AND number < ? ORDER BY number DESC LIMIT ?",
      ...[id, before ?? Number.MAX_SAFE_INTEGER, MAX_LOOKS_READ],
    );
    return [...rows].map((row): Look => JSON.parse(String(row["body"]))).reverse();
  }

  record({ atMs, by, what, rolloutId }: AuditRow): void {
    const values = [atMs, by, what, rolloutId];
    this.#sql.write("INSERT INTO audit (at_ms, by_name, what, rollout) VALUES (?, ?, ?, ?)", ...values);
  }

  /** What was done, the newest first. @param rolloutId null for everything */
  audit(rolloutId: number | null): AuditRow[] {
    const rows = this.#sql.read(
      "SELECT * FROM audit WHERE ? IS NULL OR rollout = ? ORDER BY id DESC LIMIT ?",
      ...[rolloutId, rolloutId, MAX_AUDIT_READ],
    );
    return [...rows].map((row) => ({
      atMs: Number(row["at_ms"]),
      by: String(row["by_name"]),
      what: String(row["what"]),
      rolloutId: typeof row["rollout"] === "number" ? row["rollout"] : null,
    }));
  }

  /** The watch over the halves of the outside arm; null before the first look. */
  halves(): HalvesWatch | null {
    const row = this.#sql.first("SELECT body FROM halves");
    return row === null ? null : JSON.parse(String(row["body"]));
  }

  storeHalves(watch: HalvesWatch): void {
    this.#sql.write("REPLACE INTO halves (id, body) VALUES (1, ?)", JSON.stringify(watch));
  }
}

/** Only this class writes the rows. */
function storedIn(row: Row | null): StoredRollout | null {
  if (row === null) return null;
  const { body, look_every_ms, next_look_ms } = row;
  return {
    rollout: JSON.parse(String(body)),
    lookEveryMs: Number(look_every_ms),
    nextLookMs: typeof next_look_ms === "number" ? next_look_ms : null,
  };
}
