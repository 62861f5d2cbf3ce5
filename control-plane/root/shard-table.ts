/** The shards that the root knows: one row each, with the last batch and the isolates, so that a batch writes one row of it. */
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import { VarintReader, VarintWriter } from "../../formats/ledger/varints.ts";
import { blobIn, type CountedSql } from "../counted-sql.ts";
import type { Batch } from "../ports.ts";
import { MINUTE_MS } from "../widths.ts";

/** An isolate that was not heard of for this time is listed no more. */
const ISOLATE_LISTED_MS = 10 * MINUTE_MS;

export class ShardTable {
  readonly #sql: CountedSql;

  constructor(sql: CountedSql) {
    this.#sql = sql;
    sql.define(`CREATE TABLE IF NOT EXISTS shard (
      id TEXT PRIMARY KEY, storage TEXT NOT NULL, number INTEGER NOT NULL, isolates BLOB NOT NULL) WITHOUT ROWID`);
  }

  /** Whether the batch was received before: of one storage, numbers only increase. */
  hasReceived({ shardId, storage, number }: Pick<Batch, "shardId" | "storage" | "number">): boolean {
    const row = this.#sql.first("SELECT storage, number FROM shard WHERE id = ?", shardId);
    return row !== null && row["storage"] === storage && Number(row["number"]) >= number;
  }

  /** Stores the number of a batch, and its isolates beside those that other batches of the shard had. It writes one row. */
  setReceived({ shardId, storage, number, isolates }: Batch, nowMs: number): void {
    const row = this.#sql.first("SELECT isolates FROM shard WHERE id = ?", shardId);
    const known = decodeIsolates(blobIn(row, "isolates"));
    const byId = new Map([...known, ...isolates].map((one) => [one.isolate, one]));
    const listed = encodeIsolates(recent([...byId.values()], nowMs));
    this.#sql.write(
      "REPLACE INTO shard (id, storage, number, isolates) VALUES (?, ?, ?, ?)",
      ...[shardId, storage, number, listed],
    );
  }

  /** The object ids of all shards, in hex. */
  ids(): string[] {
    return [...this.#sql.read("SELECT id FROM shard")].map(({ id }) => String(id));
  }

  /** The isolates that were heard of lately. */
  isolates(nowMs: number): IsolateRow[] {
    const rows = [...this.#sql.read("SELECT isolates FROM shard ORDER BY id")];
    return recent(
      rows.flatMap((row) => decodeIsolates(blobIn(row, "isolates"))),
      nowMs,
    );
  }
}

function recent(isolates: IsolateRow[], nowMs: number): IsolateRow[] {
  return isolates.filter(({ seenMs }) => seenMs > nowMs - ISOLATE_LISTED_MS);
}

/** The first byte of rows in this form: in the form before candidates, it is the length of an isolate's id. */
const FORM = 0;

function encodeIsolates(isolates: readonly IsolateRow[]): Uint8Array {
  const writer = new VarintWriter();
  writer.number(FORM);
  for (const { isolate, shard, seenMs, colo, policy, model, candidate, edgeState, breakers, queuedTexts } of isolates) {
    for (const text of [isolate, shard, colo, model, edgeState]) writer.text(text);
    for (const text of [candidate?.model, candidate?.state, candidate?.reason]) writer.text(text ?? "");
    for (const number of [seenMs, policy, queuedTexts]) writer.number(number);
    const states = Object.entries(breakers);
    writer.number(states.length);
    for (const text of states.flat()) writer.text(text);
  }
  return writer.bytes();
}

function decodeIsolates(bytes: Uint8Array | null): IsolateRow[] {
  const reader = new VarintReader(bytes ?? new Uint8Array());
  const isolates: IsolateRow[] = [];
  // Rows of another form are left out: isolates report their state again within seconds.
  if (reader.isAtEnd || reader.number() !== FORM) return isolates;
  while (!reader.isAtEnd) {
    const [isolate, shard, colo, model] = [reader.text(), reader.text(), reader.text(), reader.text()];
    const [edgeState, candidate] = [reader.text(), candidateIn(reader)];
    const [seenMs, policy, queuedTexts] = [reader.number(), reader.number(), reader.number()];
    const breakers: Record<string, string> = {};
    for (let left = reader.number(); left > 0; left--) breakers[reader.text()] = reader.text();
    isolates.push({ isolate, shard, seenMs, colo, policy, model, candidate, edgeState, breakers, queuedTexts });
  }
  return isolates;
}

function candidateIn(reader: VarintReader): IsolateRow["candidate"] {
  const [model, state, reason] = [reader.text(), reader.text(), reader.text()];
  return model === "" ? null : { model, state, reason: reason === "" ? null : reason };
}
