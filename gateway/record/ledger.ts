/**
 * What an isolate counts for the ledger, and how it is sent: the counts since the last message, with a sequence number, to the shard of the
 * isolate's location. It never delays an answer. What cannot be sent is lost and counted: a message is never sent twice, as the first
 * may have arrived. docs/decisions/036-the-ledger.md
 */
import { Cells } from "../../formats/ledger/cells.ts";
import { encodeCells } from "../../formats/ledger/codec.ts";
import { type IsolateStatus, type LedgerDelta, MAX_KEYS_USED } from "../../formats/ledger/delta.ts";
import type { Clock } from "../call.ts";
import { type FlushContext, FlushSchedule } from "../telemetry/flush-schedule.ts";
import type { IsolateEvent } from "./events.ts";
import { countInLedger, isLedgerRecord } from "./ledger-cells.ts";
import type { LocationHint } from "./location-hint.ts";

/** The binding of the shards, as far as it is needed. */
export interface LedgerNamespace<Id = unknown> {
  idFromName(name: string): Id;
  get(id: Id, options: { locationHint: LocationHint }): { record(delta: LedgerDelta): Promise<unknown> };
}

/** Between two messages. `waitUntil` lasts 30 s, and a message may take `SEND_TIMEOUT_MS` of them. */
const MIN_FLUSH_MS = 5_000;
const MAX_FLUSH_MS = 15_000;
const SEND_TIMEOUT_MS = 10_000;
/** Together at most 256 kB: a bucket takes up to 40 bytes, a series about 700. */
const MAX_SERIES = 128;
const MAX_BUCKETS = 4_000;

export interface LedgerContext extends FlushContext {
  hint: LocationHint;
  /** Cloudflare's location, as `FRA`; empty if it is unknown. */
  colo: string;
}

export interface LedgerParts {
  /** Null where the deployment has no ledger: nothing is counted. */
  namespace: LedgerNamespace | null;
  clock: Clock;
  /** A random id of the isolate. */
  isolate: string;
  /** The deployed version of the Worker; empty where it is not deployed. */
  worker: string;
  /** The isolate's state, without its location. */
  status(): Omit<IsolateStatus, "colo">;
}

/** For /readyz. */
export interface LedgerCounts {
  /** `off`: the Worker has no binding LEDGER, so nothing is counted. */
  state: "on" | "off";
  /** Texts and requests in messages that a shard received. */
  sent: number;
  /** Texts and requests that were not counted, or in messages that no shard has confirmed. */
  lost: number;
  /** Why the last message was not confirmed: the error's name; null if it was. */
  lastFailure: string | null;
}

export class Ledger {
  #cells = new Cells();
  /** In `#cells`. */
  #records = 0;
  /** Ids of keys, since the last message. */
  readonly #keysUsed = new Set<string>();
  /** In messages, sent or not, and those that were not counted. */
  #recordsBefore = 0;
  #seq = 0;
  #nextAfterMs = MIN_FLUSH_MS;
  #sent = 0;
  #lost = 0;
  #lastFailure: string | null = null;
  readonly #parts: LedgerParts;
  readonly #schedule: FlushSchedule<LedgerContext>;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#schedule = new FlushSchedule({
      clock: parts.clock,
      afterMs: () => this.#nextAfterMs,
      isDue: () => this.#cells.size > 0,
      flush: (context) => this.#flush(context),
    });
  }

  /** Runs a request: what is counted in it, also after its answer, is sent in its context. */
  during<T>(context: LedgerContext, work: () => T): T {
    return this.#parts.namespace === null ? work() : this.#schedule.during(context, work);
  }

  /** Counts an event; returns at once. */
  count(event: IsolateEvent): void {
    if (this.#parts.namespace === null) return;
    const isFull = this.#cells.size >= MAX_SERIES || this.#cells.buckets >= MAX_BUCKETS;
    if (!isFull) countInLedger(event, this.#cells, this.#parts.worker);
    if (isLedgerRecord(event)) this.#countRecord(isFull);
    if (event.kind === "key-used") this.#rememberKey(event.keyId);
    this.#schedule.schedule();
  }

  counts(): LedgerCounts {
    const state = this.#parts.namespace === null ? "off" : "on";
    return { state, sent: this.#sent, lost: this.#lost, lastFailure: this.#lastFailure };
  }

  #countRecord(isLost: boolean): void {
    if (!isLost) {
      this.#records += 1;
      return;
    }
    this.#lost += 1;
    this.#recordsBefore += 1;
  }

  #rememberKey(id: string): void {
    if (this.#keysUsed.size < MAX_KEYS_USED) this.#keysUsed.add(id);
  }

  async #flush({ hint, colo }: LedgerContext): Promise<void> {
    const { namespace, isolate, status } = this.#parts;
    const [cells, records, keysUsed] = [this.#cells, this.#records, [...this.#keysUsed]];
    if (namespace === null || cells.size === 0) return;
    this.#cells = new Cells();
    this.#records = 0;
    this.#keysUsed.clear();
    this.#seq += 1;
    const delta: LedgerDelta = {
      isolate,
      seq: this.#seq,
      recordsBefore: this.#recordsBefore,
      status: { ...status(), colo },
      cells: encodeCells(cells),
      keysUsed,
    };
    this.#recordsBefore += records;
    try {
      // A stub belongs to the request that made it.
      const shard = namespace.get(namespace.idFromName(`shard:${hint}`), { locationHint: hint });
      const receipt = await this.#withinTime(shard.record(delta));
      this.#nextAfterMs = nextAfterMs(receipt);
      this.#sent += records;
      this.#lastFailure = null;
    } catch (error) {
      // A ledger that fails is asked more rarely.
      this.#nextAfterMs = MAX_FLUSH_MS;
      this.#lost += records;
      // Unlike counts, a last use may arrive twice.
      for (const id of keysUsed) this.#rememberKey(id);
      this.#lastFailure = error instanceof Error ? error.name : "unknown";
    }
  }

  async #withinTime(answer: Promise<unknown>): Promise<unknown> {
    const late = this.#parts.clock.wait(SEND_TIMEOUT_MS).then(() => Promise.reject(new LedgerTimeout()));
    // The one that loses still settles.
    answer.catch(() => {});
    late.catch(() => {});
    return Promise.race([answer, late]);
  }
}

class LedgerTimeout extends Error {
  constructor() {
    super(`no answer within ${SEND_TIMEOUT_MS} ms`);
    this.name = "LedgerTimeout";
  }
}

/** The shard's wish, within bounds: the shard is another program, which may be of another version. */
function nextAfterMs(receipt: unknown): number {
  const { nextAfterMs: wished } = { nextAfterMs: null, ...Object(receipt) };
  return typeof wished === "number" && Number.isFinite(wished)
    ? Math.min(MAX_FLUSH_MS, Math.max(MIN_FLUSH_MS, wished))
    : MIN_FLUSH_MS;
}
