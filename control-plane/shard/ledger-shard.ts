/** The object of one location hint: it collects what isolates send, and sends it to the root once a minute. */
import { DurableObject } from "cloudflare:workers";
import type { IsolateRow } from "../../formats/ledger/answer.ts";
import type { DeltaReceipt } from "../../formats/ledger/delta.ts";
import { seriesOf } from "../../formats/ledger/series.ts";
import { CountedSql } from "../counted-sql.ts";
import { decodeMinutes, encodeMinutes, Minutes } from "../minutes.ts";
import { type Env, LOCATION_HINTS, ROOT_NAME, type ShardPeek, shardNameOf } from "../ports.ts";
import { HOUR_MS, MINUTE_MS, startOf } from "../widths.ts";
import { withinMs } from "../within.ts";
import { receive } from "./isolates.ts";
import { type Message, readMessage } from "./message.ts";
import { paceMs } from "./pace.ts";
import { ShardTables } from "./shard-tables.ts";
import { decodeState, encodeState, newState, type ShardState } from "./state.ts";

/** An isolate that was not heard of for this time is listed no more. */
const ISOLATE_LISTED_MS = 10 * MINUTE_MS;
/** Its sequence is kept for this time, in case it continues. */
const SEQUENCE_KEPT_MS = 7 * 24 * HOUR_MS;
/** A larger state becomes a batch at once: a row holds at most 2 MB. */
const MAX_PENDING_BYTES = 1_000_000;
/** Two hours of batches. Later ones are merged by the hour while the root is down. */
const MAX_BATCHES = 120;
const MAX_ROOT_MS = 10_000;
/** Last uses that wait for the root, about 200 kB. Of more, those that wait longest are forgotten: they are sent again with the next use. */
const MAX_KEY_USES = 10_000;
/** Between the minute's end and the first shard's alarm, and between the alarms of two shards. */
const ALARM_DELAY_MS = 250;

export class LedgerShard extends DurableObject<Env> {
  readonly #sql: CountedSql;
  readonly #tables: ShardTables;
  readonly #hint: string;
  /** States of isolates, as their last messages have them. Not stored: each next message has them again. */
  readonly #isolates = new Map<string, IsolateRow>();
  #state: ShardState;
  /** Also while the alarm's handler runs, which sets the next one. */
  #hasAlarm = false;
  /** Calls that are billed and not counted in the state yet. */
  #requests = 0;
  #cleanedMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const hint = LOCATION_HINTS.find((one) => env.LEDGER_SHARDS.idFromName(shardNameOf(one)).equals(ctx.id));
    this.#hint = hint ?? "unknown";
    this.#sql = new CountedSql(ctx.storage.sql);
    this.#tables = new ShardTables(this.#sql);
    this.#state = stateIn(this.#tables);
    ctx.blockConcurrencyWhile(async () => {
      this.#hasAlarm = (await ctx.storage.getAlarm()) !== null;
    });
  }

  /**
   * Adds one message of an isolate. When it resolves, the counts are stored.
   * @throws LedgerFormatError for a value that is no message; nothing is changed
   */
  async record(delta: unknown): Promise<DeltaReceipt> {
    this.#requests += 1;
    const message = readMessage(delta);
    const nowMs = Date.now();
    if (this.#add(message, nowMs)) {
      // Both are committed together: nothing stays pending without an alarm.
      const isSet = this.#hasAlarm
        ? null
        : this.#setAlarm(this.#state.lastNumber === 0 ? nowMs : this.#nextAlarmMs(nowMs));
      const bytes = this.#save(nowMs);
      if (bytes > MAX_PENDING_BYTES) this.#cutBatch();
      await isSet;
    }
    return { nextAfterMs: paceMs(this.#state.sequences.size) };
  }

  /** Sends everything to the root now. @returns whether the root has it */
  async push(): Promise<boolean> {
    this.#requests += 1;
    this.#cutBatch();
    return this.#send();
  }

  async peek(): Promise<ShardPeek> {
    const from = { shard: this.#hint, shardId: this.ctx.id.toString() };
    const { storage, lastNumber, minutes } = this.#state;
    const pending = { number: lastNumber + 1, storage, minutes: encodeMinutes(minutes) };
    return {
      batches: [...this.#tables.allBatches(), pending].map((batch) => ({ ...from, ...batch })),
      isolates: [...this.#isolates.values()],
    };
  }

  override async alarm(): Promise<void> {
    this.#requests += 1;
    this.#hasAlarm = true;
    try {
      this.#forgetIsolates(Date.now());
      this.#cutBatch();
      await this.#send();
    } finally {
      const isDone = this.#state.minutes.isEmpty && this.#tables.batches() === 0;
      if (isDone) this.#hasAlarm = false;
      else await this.#setAlarm(this.#nextAlarmMs(Date.now()));
    }
  }

  /** @returns false for a message that arrived before */
  #add(message: Message, nowMs: number): boolean {
    const { sequences, minutes, keyUses } = this.#state;
    const { isolate, status, keysUsed } = message;
    const known = sequences.get(isolate) ?? this.#tables.keptSequence(isolate);
    const received = receive(known, message, nowMs);
    if (received === null) return false;
    sequences.set(isolate, received.sequence);
    const row = { ...status, isolate, shard: this.#hint, seenMs: nowMs };
    if (message.seq === received.sequence.seq) this.#isolates.set(isolate, row);
    const cells = minutes.at(nowMs);
    cells.merge(message.cells);
    if (received.missing !== 0) cells.count(seriesOf("missing", {}), received.missing);
    for (const id of keysUsed) {
      keyUses.delete(id);
      keyUses.set(id, startOf(nowMs, HOUR_MS));
    }
    for (const id of keyUses.keys()) {
      if (keyUses.size <= MAX_KEY_USES) break;
      keyUses.delete(id);
    }
    return true;
  }

  /** Stores the state, with what this object is billed for, this write included. @returns its size in bytes */
  #save(nowMs: number): number {
    const cells = this.#state.minutes.at(nowMs);
    const rows = this.#sql.takeRowsWritten() + 1;
    cells.count(seriesOf("usage", { because: "ledger-requests" }), 1, this.#requests);
    cells.count(seriesOf("usage", { because: "ledger-rows" }), 1, rows);
    this.#requests = 0;
    const body = encodeState(this.#state);
    this.#tables.setPending(body);
    // Counted above.
    this.#sql.takeRowsWritten();
    return body.byteLength;
  }

  /** Moves what is pending to a batch of the next number. The first batch may have been sent already, so it stays as it is. */
  #cutBatch(): void {
    const { minutes } = this.#state;
    if (minutes.isEmpty) return;
    const last = this.#tables.batches() < MAX_BATCHES ? null : this.#tables.lastBatch();
    const merged = last === null ? null : decodeMinutes(last.minutes);
    merged?.mergeByHour(minutes);
    const bytes = encodeMinutes(merged ?? minutes);
    const isMerged = last !== null && bytes.byteLength <= MAX_PENDING_BYTES;
    const next: ShardState = {
      ...this.#state,
      lastNumber: isMerged ? this.#state.lastNumber : this.#state.lastNumber + 1,
      minutes: new Minutes(),
    };
    this.ctx.storage.transactionSync(() => {
      if (isMerged) this.#tables.setBatch({ ...last, minutes: bytes });
      else this.#tables.setBatch({ number: next.lastNumber, storage: next.storage, minutes: encodeMinutes(minutes) });
      this.#tables.setPending(encodeState(next));
    });
    this.#state = next;
  }

  /** Sends the batches in order. @returns false when the root did not confirm one: it is sent again a minute later */
  async #send(): Promise<boolean> {
    const root = this.env.LEDGER.get(this.env.LEDGER.idFromName(ROOT_NAME));
    for (let batch = this.#tables.firstBatch(); batch !== null; batch = this.#tables.firstBatch()) {
      const { number } = batch;
      const isolates = [...this.#isolates.values()];
      const keyUses = new Map(this.#state.keyUses);
      try {
        const from = { shard: this.#hint, shardId: this.ctx.id.toString(), isolates, keyUses };
        await withinMs(MAX_ROOT_MS, root.receive({ ...from, ...batch }));
      } catch (error) {
        console.warn(`The ledger did not confirm batch ${number} of ${this.#hint}: ${String(error)}`);
        return false;
      }
      this.#tables.removeBatch(number);
      // Not stored: if these come back with the stored state, they are sent again, which changes nothing.
      for (const [id, hourMs] of keyUses) if (this.#state.keyUses.get(id) === hourMs) this.#state.keyUses.delete(id);
    }
    return true;
  }

  /** Keeps in memory what was heard of lately. The sequences of others stay in a table. */
  #forgetIsolates(nowMs: number): void {
    const { sequences } = this.#state;
    for (const [isolate, sequence] of sequences) {
      if (sequence.seenMs > nowMs - ISOLATE_LISTED_MS) continue;
      this.#tables.keepSequence(isolate, sequence);
      sequences.delete(isolate);
      this.#isolates.delete(isolate);
    }
    if (startOf(nowMs, HOUR_MS) === this.#cleanedMs) return;
    this.#cleanedMs = startOf(nowMs, HOUR_MS);
    this.#tables.removeSequencesBefore(nowMs - SEQUENCE_KEPT_MS);
  }

  /** Just after the minute's end, so that a minute is mostly one batch. Each shard has another moment. */
  #nextAlarmMs(nowMs: number): number {
    const hints: readonly string[] = LOCATION_HINTS;
    const index = hints.indexOf(this.#hint);
    return startOf(nowMs, MINUTE_MS) + MINUTE_MS + ALARM_DELAY_MS * (index + 1);
  }

  #setAlarm(atMs: number): Promise<void> {
    this.#hasAlarm = true;
    this.#sql.countRows(1);
    return this.ctx.storage.setAlarm(atMs);
  }
}

/** State that cannot be read is lost: the isolates' next messages show how much. */
function stateIn(tables: ShardTables): ShardState {
  const bytes = tables.pending();
  const fresh = newState(tables.lastBatch()?.number ?? 0);
  if (bytes === null) return fresh;
  try {
    return decodeState(bytes);
  } catch (error) {
    console.error(`The pending counts of a ledger shard were lost: ${String(error)}`);
    return fresh;
  }
}
