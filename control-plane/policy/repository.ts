/**
 * Reads and saves the policy in KV for the control plane: the same keys, history and checks as the `spillway` command
 * (policies/versions/repository.ts). One work at a time: the root object serializes the writes of the console, the HTTP API and rollouts.
 */
import { LAST_GOOD_KEY, POLICY_KEY } from "../../policies/store.ts";
import { type Entry, type History, historyText, readHistory, sha256Of } from "../../policies/versions/history.ts";
import { inForceIn } from "../../policies/versions/in-force.ts";
import {
  HISTORY_KEY,
  InvalidPolicy,
  type PolicyKv,
  type PolicyState,
  type PreparedVersion,
  prepareVersion,
  readPolicyState,
  recordOutsideEdits,
} from "../../policies/versions/repository.ts";
import { rollbackTo } from "../../policies/versions/rollback.ts";
import type { CountedSql } from "../counted-sql.ts";
import { newestKv, SETTLED_AFTER_MS, withOwn } from "./newest-kv.ts";
import {
  type PolicyEdit,
  type PolicyRollback,
  type PresentPolicy,
  presentIn,
  type SavedBy,
  type SaveResult,
} from "./present-policy.ts";
import { WriteTable } from "./write-table.ts";

export class PolicyRepository {
  readonly #writes: WriteTable;
  readonly #kv: PolicyKv;
  /** Settles when the work before is done. */
  #before: Promise<unknown> = Promise.resolve();
  /** The read that new readers share; null once it is done, or other work is queued behind it. */
  #reading: Promise<PolicyState> | null = null;
  /** An edit outside of spillway that the history does not have yet, and when it was first seen. */
  #outside: { sha256: string; sinceMs: number } | null = null;

  constructor(namespace: KVNamespace, sql: CountedSql) {
    this.#writes = new WriteTable(sql);
    this.#kv = newestKv(namespace, () => this.#writes.since(Date.now() - SETTLED_AFTER_MS));
  }

  /** Whether KV has not confirmed a write yet: the next call of any method repeats it. */
  get isUnconfirmed(): boolean {
    return this.#writes.unconfirmed() !== null;
  }

  /** @throws Error when KV does not answer, or the history cannot be read */
  async present(): Promise<PresentPolicy> {
    return presentIn(await this.#read());
  }

  /** The versions, oldest first; edits outside of spillway are among them. @throws Error as `present` */
  async history(): Promise<History> {
    return (await this.#read()).history;
  }

  /** Saves a document as a new version. @throws Error when KV does not answer a read; nothing was saved then */
  save(edit: PolicyEdit): Promise<SaveResult> {
    return this.#inTurn(async () => this.#save(await this.#state(), edit));
  }

  /** Saves an earlier version's document as a new version. @throws Error as `save` */
  rollBack({ to, ...edit }: PolicyRollback): Promise<SaveResult> {
    return this.#inTurn(async () => {
      const seen = await this.#state();
      try {
        const document = rollbackTo(seen, to);
        if (typeof document === "string") return { is: "refused", problem: document };
        return await this.#save(seen, { ...edit, document, message: edit.message ?? `rollback to ${to}` });
      } catch (error) {
        return { is: "refused", problem: error instanceof Error ? error.message : String(error) };
      }
    });
  }

  /** A page asks for the policy and for its history at once: KV is read once for both. */
  #read(): Promise<PolicyState> {
    if (this.#reading !== null) return this.#reading;
    const reading = this.#inTurn(() => this.#state());
    this.#reading = reading;
    const forget = () => {
      if (this.#reading === reading) this.#reading = null;
    };
    reading.then(forget, forget);
    return reading;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#reading = null;
    const result = this.#before.then(work, work);
    this.#before = result.catch(() => {});
    return result;
  }

  async #state(): Promise<PolicyState> {
    await this.#confirm().catch((error: unknown) => console.error(`The policy could not be written: ${String(error)}`));
    const nowMs = Date.now();
    const seen = await readPolicyState(this.#kv, new Date(nowMs));
    const outside = seen.unrecorded.at(-1);
    if (outside === undefined) {
      this.#outside = null;
      return seen;
    }
    if (this.#outside?.sha256 !== outside.sha256) this.#outside = { sha256: outside.sha256, sinceMs: nowMs };
    const { sinceMs } = this.#outside;
    const firstSeen = { ...outside, timeIso: new Date(sinceMs).toISOString() };
    const history = { ...seen.history, entries: [...seen.history.entries.slice(0, -1), firstSeen] };
    const state = { ...seen, history, unrecorded: [...seen.unrecorded.slice(0, -1), firstSeen] };
    // Sooner, the history may only be late: it would lose the entry of an author who has just saved.
    if (nowMs - sinceMs > SETTLED_AFTER_MS && !this.isUnconfirmed) await recordOutsideEdits(this.#kv, state);
    return state;
  }

  async #save(seen: PolicyState, { document, author, message, expected, key }: PolicyEdit): Promise<SaveResult> {
    const present = presentIn(seen);
    const write = this.#writes.withKey(key);
    if (write?.isDone && write.entry.sha256 === present.sha256) return { is: "saved", present };
    const unconfirmed = this.#writes.unconfirmed();
    if (unconfirmed !== null) return { is: "unconfirmed", problem: unconfirmedOf(unconfirmed.entry) };
    if (seen.unsettled !== null) return { is: "conflict", problem: tooEarly(seen.unsettled), present };
    if (present.name !== expected) return { is: "conflict", problem: conflictOf(present, expected), present };
    const now = new Date();
    const prepared = preparedOf(seen, { document, author, message, now });
    if ("is" in prepared) return prepared;
    const entry = prepared.history.entries.at(-1);
    if (entry === undefined || entry.text === null) return { is: "refused", problem: "The policy is too large." };
    const earlier = seen.history.entries.map(({ sha256 }) => sha256);
    this.#writes.begin({
      key,
      atMs: now.getTime(),
      entry: { ...entry, text: entry.text },
      earlier: [...earlier, sha256Of(seen.stored)],
    });
    try {
      await this.#write(prepared);
    } catch (error) {
      console.error(`The policy could not be written: ${String(error)}`);
      return { is: "unconfirmed", problem: unconfirmedOf(entry) };
    }
    this.#writes.confirm(key);
    const { text: stored, history } = prepared;
    return { is: "saved", present: presentIn({ stored, history, inForce: inForceIn(history, null) }) };
  }

  /** In the order of `policies/versions/repository.ts`: the history has a version before it is in force. */
  async #write({ text, history }: PreparedVersion): Promise<void> {
    await this.#kv.put(HISTORY_KEY, historyText(history));
    await this.#kv.put(POLICY_KEY, text);
    await this.#kv.put(LAST_GOOD_KEY, text);
  }

  /** Ends a write that a crash or an error interrupted: it is repeated, unless another author has saved since. */
  async #confirm(): Promise<void> {
    const write = this.#writes.unconfirmed();
    if (write === null) return;
    const { key, entry, earlier } = write;
    const [stored, text] = await Promise.all([this.#kv.get(POLICY_KEY), this.#kv.get(HISTORY_KEY)]);
    const sha256 = sha256Of(stored);
    if (sha256 !== entry.sha256 && !earlier.includes(sha256)) {
      this.#writes.abandon(key);
      return;
    }
    await this.#write({ text: entry.text, history: withOwn(readHistory(text), [write]) });
    this.#writes.confirm(key);
  }
}

function preparedOf(
  seen: PolicyState,
  version: SavedBy & Pick<PolicyEdit, "document"> & { now: Date },
): PreparedVersion | SaveResult {
  try {
    return prepareVersion(seen, version);
  } catch (error) {
    if (error instanceof InvalidPolicy) return { is: "invalid", problems: error.problems };
    return { is: "refused", problem: error instanceof Error ? error.message : String(error) };
  }
}

function tooEarly({ entry, waitSeconds }: NonNullable<PolicyState["unsettled"]>): string {
  return `KV does not return version ${entry.name} yet, which ${entry.author} saved at ${entry.timeIso}. Nothing was saved. Retry in ${waitSeconds} s.`;
}

function conflictOf({ name, author }: PresentPolicy, expected: string): string {
  const by = author ?? "an edit outside spillway";
  return `Conflict: the change was made from version ${expected}, and ${by} saved version ${name} since. Nothing was saved. Look at version ${name} and retry.`;
}

function unconfirmedOf({ name }: Entry): string {
  return `KV did not confirm version ${name}. The control plane repeats the write until KV confirms it, or another author saves a version.`;
}
