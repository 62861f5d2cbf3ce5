/** The object that has all counts: shards send it their batches, the report and the console query it. */
import { DurableObject } from "cloudflare:workers";
import type { KeyUses, LedgerAnswer } from "../../formats/ledger/answer.ts";
import type { History } from "../../policies/versions/history.ts";
import { CountedSql } from "../counted-sql.ts";
import { decodeMinutes, Minutes } from "../minutes.ts";
import type { PolicyEdit, PolicyRollback, PresentPolicy, SaveResult } from "../policy/present-policy.ts";
import { PolicyRepository } from "../policy/repository.ts";
import type { Batch, Env, ShardPeek, TimeRange } from "../ports.ts";
import type { ChangeAnswer, OneRollout, RolloutChange, RolloutsAnswer, StartRequest } from "../rollout-port.ts";
import { HOUR_MS, MINUTE_MS, startOf } from "../widths.ts";
import { withinMs } from "../within.ts";
import { Counts } from "./counts.ts";
import { KeyUseTable } from "./key-use-table.ts";
import { countedRange, readRange } from "./read-range.ts";
import { RolloutTable } from "./rollout-table.ts";
import { RolloutController } from "./rollouts.ts";
import { ShardTable } from "./shard-table.ts";
import { stepFigures } from "./step-figures.ts";
import { viewOf } from "./view.ts";

/** A query waits this long for a shard. What the shard has after that is missing in the answer, and in the next one it is not. */
const MAX_SHARD_MS = 2000;
/** After the hour, so that the last batches of the hour have arrived. Later ones are added to the hour. */
const ROLL_UP_DELAY_MS = 5 * MINUTE_MS;
/** An alarm that has not come this time after it was due is lost. */
const OVERDUE_MS = MINUTE_MS;
/** The row of the shard, in the count of written rows. */
const SHARD_ROWS = 1;

export class Ledger extends DurableObject<Env> {
  readonly #sql: CountedSql;
  readonly #counts: Counts;
  readonly #shards: ShardTable;
  readonly #keyUses: KeyUseTable;
  readonly #policies: PolicyRepository;
  readonly #rolloutTable: RolloutTable;
  readonly #rollouts: RolloutController;
  /** The object has one alarm, for the hourly work and for looks; null while none is set. */
  #alarmMs: number | null = null;
  #isInAlarm = false;
  /** The hourly work is due from this time on. It may be done again: nothing is counted twice. */
  #hourlyFromMs = 0;
  /** Calls that are billed and not counted yet. */
  #requests = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = new CountedSql(ctx.storage.sql);
    this.#counts = new Counts(this.#sql);
    this.#shards = new ShardTable(this.#sql);
    this.#keyUses = new KeyUseTable(this.#sql, this.#counts.marks);
    this.#policies = new PolicyRepository(env.POLICIES, this.#sql);
    this.#rolloutTable = new RolloutTable(this.#sql);
    this.#rollouts = new RolloutController({
      table: this.#rolloutTable,
      policies: this.#policies,
      gather: () => this.#gather(),
      figures: (question) => stepFigures(this.#counts, this.#shards.isolates(question.nowMs), question),
      transaction: (work) => this.#transaction(work),
    });
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmMs = await ctx.storage.getAlarm();
      if (this.#rollouts.dueMs !== null) await this.#keepAlarm(Date.now());
    });
  }

  /**
   * Adds the counts of a batch, once. When it resolves, they are stored. A batch that cannot be read is confirmed too: it would be sent
   * again for ever, and all batches after it would wait.
   */
  async receive(batch: Batch): Promise<void> {
    this.#requests += 1;
    if (this.#shards.hasReceived(batch)) return;
    const nowMs = Date.now();
    const minutes = minutesIn(batch);
    const isSet = this.#keepAlarm(nowMs);
    this.#transaction(() => {
      // First: the counts have the rows that it writes.
      this.#keyUses.add(batch.keyUses ?? new Map(), nowMs);
      this.#counts.add(minutes, { requests: this.#requests, otherRows: SHARD_ROWS }, nowMs);
      this.#shards.setReceived(batch, nowMs);
    });
    this.#requests = 0;
    // Counted above.
    this.#sql.takeRowsWritten();
    await isSet;
  }

  /** The counts of a time range, with what the shards have not sent yet. */
  async query(range: TimeRange): Promise<LedgerAnswer> {
    this.#requests += 1;
    await Promise.all([this.#gather(), this.#keepAlarm(Date.now())]);
    const nowMs = Date.now();
    const counted = readRange(this.#counts, countedRange(range, nowMs), nowMs);
    return { ...counted, isolates: this.#shards.isolates(nowMs) };
  }

  async view(ranges: TimeRange[]): Promise<LedgerAnswer[]> {
    const peeks = await Promise.all(this.#shards.ids().map((id) => this.#peekOf(id)));
    return viewOf(ranges, { counts: this.#counts, shards: this.#shards, peeks: peeks.filter((one) => one !== null) });
  }

  async keyUses(): Promise<KeyUses> {
    return this.#keyUses.read();
  }

  /** The stored policy. */
  policy(): Promise<PresentPolicy> {
    return this.#policies.present();
  }

  /** The last versions of the policy, oldest first. */
  policyHistory(): Promise<History> {
    return this.#policies.history();
  }

  /** Saves a document as a new version of the policy. */
  async savePolicy(edit: PolicyEdit): Promise<SaveResult> {
    return this.#recorded(await this.#policies.save(edit), edit.author);
  }

  /** Saves an earlier version of the policy as a new one. */
  async rollBackPolicy(rollback: PolicyRollback): Promise<SaveResult> {
    return this.#recorded(await this.#policies.rollBack(rollback), rollback.author);
  }

  #recorded(result: SaveResult, by: string): SaveResult {
    if (result.is === "saved") {
      const what = `saved policy version ${result.present.name}`;
      this.#rolloutTable.record({ atMs: Date.now(), by, what, rolloutId: null });
    }
    return result;
  }

  /** All rollouts, the newest first. */
  async rollouts(): Promise<RolloutsAnswer> {
    await this.#keepAlarm(Date.now());
    return this.#rollouts.list();
  }

  /** A rollout with its looks; null if there is none with this number. @param before only looks with a lower number */
  async rollout(id: number, before: number | null = null): Promise<OneRollout | null> {
    await this.#keepAlarm(Date.now());
    return this.#rollouts.one(id, before);
  }

  /** Begins a rollout. */
  async startRollout(request: StartRequest): Promise<ChangeAnswer> {
    const answer = await this.#rollouts.start(request);
    await this.#keepAlarm(Date.now());
    return answer;
  }

  /** Pauses, resumes or aborts the rollout that runs. @param id that it must have; null for any */
  async changeRollout(change: RolloutChange, by: string, id: number | null = null): Promise<ChangeAnswer> {
    const answer = await this.#rollouts.change(change, by, id);
    await this.#keepAlarm(Date.now());
    return answer;
  }

  override async alarm(): Promise<void> {
    this.#requests += 1;
    this.#isInAlarm = true;
    const nowMs = Date.now();
    try {
      // First: whatever happens below, the next alarm comes.
      await this.#setAlarm(this.#rollouts.dueMs === null ? nextHourMs(nowMs) : nowMs + OVERDUE_MS);
      if (nowMs >= this.#hourlyFromMs) {
        this.#transaction(() => {
          this.#counts.tidy(nowMs);
          this.#keyUses.tidy(nowMs);
        });
        await this.#rollouts.lookAtHalves();
        this.#hourlyFromMs = nextHourMs(nowMs);
      }
      await this.#rollouts.look();
    } finally {
      this.#isInAlarm = false;
      await this.#keepAlarm(Date.now());
    }
  }

  async #gather(): Promise<void> {
    await Promise.all(this.#shards.ids().map((id) => this.#pushOf(id)));
  }

  /** A shard that is slow or down delays an answer by `MAX_SHARD_MS` at most. */
  async #pushOf(id: string): Promise<void> {
    const shards = this.env.LEDGER_SHARDS;
    try {
      await withinMs(MAX_SHARD_MS, shards.get(shards.idFromString(id)).push());
    } catch (error) {
      console.warn(`A shard of the ledger did not send its counts: ${String(error)}`);
    }
  }

  async #peekOf(id: string): Promise<ShardPeek | null> {
    const shards = this.env.LEDGER_SHARDS;
    try {
      return await withinMs(MAX_SHARD_MS, shards.get(shards.idFromString(id)).peek());
    } catch (error) {
      console.warn(`A shard of the ledger did not show its counts: ${String(error)}`);
      return null;
    }
  }

  #transaction(work: () => void): void {
    try {
      this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#counts.forget();
      this.#sql.takeRowsWritten();
      throw error;
    }
  }

  /** Sets the alarm if there is none, if it is lost, or if something is due before it. */
  async #keepAlarm(nowMs: number): Promise<void> {
    if (this.#isInAlarm) return;
    const dueMs = Math.min(nextHourMs(nowMs), this.#rollouts.dueMs ?? Number.POSITIVE_INFINITY);
    const setMs = this.#alarmMs;
    if (setMs === null || setMs < nowMs - OVERDUE_MS || dueMs < setMs) await this.#setAlarm(dueMs);
  }

  #setAlarm(atMs: number): Promise<void> {
    this.#alarmMs = atMs;
    this.#sql.countRows(1);
    return this.ctx.storage.setAlarm(atMs);
  }
}

function nextHourMs(nowMs: number): number {
  return startOf(nowMs - ROLL_UP_DELAY_MS, HOUR_MS) + HOUR_MS + ROLL_UP_DELAY_MS;
}

function minutesIn({ shard, number, minutes }: Batch): Minutes {
  try {
    return decodeMinutes(minutes);
  } catch (error) {
    console.error(`Batch ${number} of ${shard} cannot be read and is lost: ${String(error)}`);
    return new Minutes();
  }
}
