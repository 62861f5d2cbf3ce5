/**
 * The rollout that runs: it is looked at when its look is due, and what `advance` asks for is written into the policy. Each state is stored
 * before what follows from it is done: a crash repeats a look or a write, and the policy's repository saves no write twice.
 */
import type { PresentPolicy } from "../policy/present-policy.ts";
import type { PolicyRepository } from "../policy/repository.ts";
import { isSplitByText, judgedPolicy, ROLLOUT_AUTHOR, withValues } from "../policy/values.ts";
import { advance } from "../rollout/advance.ts";
import type { StepFigures } from "../rollout/figures.ts";
import { watchHalves } from "../rollout/halves.ts";
import { startRollout } from "../rollout/plan.ts";
import { statusOf } from "../rollout/status.ts";
import type { Action, Advanced, Rollout, RolloutEvent } from "../rollout/types.ts";
import { hasEnded } from "../rollout/writes.ts";
import type { ChangeAnswer, OneRollout, RolloutChange, RolloutsAnswer, StartRequest } from "../rollout-port.ts";
import type { RolloutTable, StoredRollout } from "./rollout-table.ts";
import type { StepQuestion } from "./step-figures.ts";

const DONE: Readonly<Record<RolloutChange, string>> = { pause: "paused", resume: "resumed", abort: "aborted" };

export interface RolloutParts {
  table: RolloutTable;
  policies: PolicyRepository;
  /** Fetches what the shards have not sent yet. */
  gather(): Promise<void>;
  figures(question: StepQuestion): StepFigures;
  /** Runs the work in one transaction. */
  transaction(work: () => void): void;
}

export class RolloutController {
  readonly #parts: RolloutParts;
  /** Settles when the work before is done: one event at a time. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(parts: RolloutParts) {
    this.#parts = parts;
  }

  /** When the next look is due; null while no rollout runs. */
  get dueMs(): number | null {
    return this.#parts.table.active()?.nextLookMs ?? null;
  }

  list(): RolloutsAnswer {
    const { table } = this.#parts;
    const active = table.active();
    return {
      current: active === null ? null : statusOf(active.rollout),
      rollouts: table.all().map(statusOf),
      halves: table.halves(),
    };
  }

  /** Null if there is none with this number. @param before only looks with a lower number; null for the latest */
  one(id: number, before: number | null): OneRollout | null {
    const { table } = this.#parts;
    const stored = table.withId(id);
    if (stored === null) return null;
    return { rollout: statusOf(stored.rollout), looks: table.looks(id, before), events: table.audit(id).reverse() };
  }

  /** Begins a rollout, and writes its first step. @throws Error when KV does not answer */
  start({ author, lookEveryMs, expectedPolicy, ...request }: StartRequest): Promise<ChangeAnswer> {
    return this.#inTurn(async () => {
      const { table, policies } = this.#parts;
      const nowMs = Date.now();
      const present = await policies.present();
      if (present.inForce.rejected !== null) {
        const problem = `The stored policy is rejected: ${present.problems.join("; ")}. Replace it with npx spillway policy edit, and start again.`;
        return { is: "conflict", problem };
      }
      const policy = judgedPolicy(present);
      if (expectedPolicy !== null && expectedPolicy !== present.name) {
        const problem = `Policy version ${present.name} is stored, and the rollout was asked for on version ${expectedPolicy}. Nothing was started. Read the policy, and start again.`;
        return { is: "conflict", problem };
      }
      const started = startRollout({
        ...request,
        id: table.nextId(),
        policy,
        earlier: table.all().toReversed(),
        nowMs,
      });
      if (!started.ok) return { is: started.code, problem: started.problem };
      const { rollout } = started.advanced;
      const stored = { rollout, lookEveryMs, nextLookMs: nowMs + lookEveryMs };
      const what = `started: ${rollout.steps.map(({ name }) => name).join(", ")}`;
      this.#store(stored, started.advanced, { by: author, what });
      return { is: "changed", rollout: statusOf(await this.#act(stored, started.advanced.actions, present)) };
    });
  }

  /** Pauses, resumes or aborts the rollout that runs. @param id that it must have; null for any. @throws Error when KV does not answer */
  change(change: RolloutChange, by: string, id: number | null): Promise<ChangeAnswer> {
    return this.#inTurn(async () => {
      const { table, policies } = this.#parts;
      const active = table.active();
      if (active === null) {
        return {
          is: "conflict",
          problem: "No rollout runs. Start one with npx spillway rollout start share --to 100.",
        };
      }
      if (id !== null && id !== active.rollout.id) {
        const problem = `Rollout #${active.rollout.id} runs, and the change was asked for another one. Nothing was changed.`;
        return { is: "conflict", problem };
      }
      const advanced = advance(active.rollout, { kind: change, nowMs: Date.now(), by });
      if (advanced.refused !== null) return { is: "conflict", problem: advanced.refused };
      this.#store(active, advanced, { by, what: DONE[change] });
      const present = advanced.actions.length === 0 ? null : await policies.present();
      return { is: "changed", rollout: statusOf(await this.#act(active, advanced.actions, present)) };
    });
  }

  /** Looks at the rollout if its look is due. Nothing is thrown: the next look is due in any case. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const { table } = this.#parts;
      const active = table.active();
      const nowMs = Date.now();
      if (active === null || active.nextLookMs === null || active.nextLookMs > nowMs) return;
      const looking = { ...active, nextLookMs: nowMs + active.lookEveryMs };
      table.store(looking, null);
      try {
        await this.#look(looking);
      } catch (error) {
        console.error(`Rollout #${active.rollout.id} could not be looked at: ${String(error)}`);
      }
    });
  }

  /** Judges the halves of the outside arm, which are served alike. Nothing is thrown. */
  lookAtHalves(): Promise<void> {
    return this.#inTurn(async () => {
      const { table, policies, figures } = this.#parts;
      try {
        const present = await policies.present();
        const policy = judgedPolicy(present);
        const [nowMs, watch] = [Date.now(), table.halves()];
        const sinceMs = watch?.policyVersion === policy.version ? watch.sinceMs : nowMs;
        const seen = figures({
          ...{ version: policy.version, sinceMs, nowMs, compared: "halves" as const },
          isByCaller: !isSplitByText(present.inForce.text),
        });
        table.storeHalves(watchHalves(watch, { nowMs, policyVersion: policy.version, figures: seen }));
      } catch (error) {
        console.error(`The halves of the outside arm could not be judged: ${String(error)}`);
      }
    });
  }

  async #look(looking: StoredRollout): Promise<void> {
    const { rollout } = looking;
    const [present] = await Promise.all([this.#parts.policies.present(), this.#parts.gather()]);
    const policy = judgedPolicy(present);
    const nowMs = Date.now();
    const event: RolloutEvent = { kind: "look", nowMs, policy, figures: this.#figures(rollout, present, nowMs) };
    const advanced = advance(rollout, event);
    const { state } = advanced.rollout;
    const isNews = state !== rollout.state || advanced.rollout.step !== rollout.step;
    const what = `${state}: ${advanced.rollout.reason}`;
    this.#store(looking, advanced, isNews ? { by: ROLLOUT_AUTHOR, what } : null);
    await this.#act(looking, advanced.actions, present);
  }

  /** A step that was written and not stored began when its version was saved. */
  #figures(rollout: Rollout, { inForce }: PresentPolicy, nowMs: number): StepFigures {
    const { version, timeIso, text } = inForce;
    const { kind, target, policyVersion, stepStartedMs, startedMs } = rollout;
    const savedMs = version === policyVersion && timeIso !== null ? Date.parse(timeIso) : nowMs;
    return this.#parts.figures({
      version: policyVersion,
      sinceMs: Math.min(stepStartedMs ?? startedMs, savedMs),
      nowMs,
      compared: kind === "model" ? { candidate: String(target) } : "arms",
      isByCaller: kind === "share" && !isSplitByText(text),
    });
  }

  /** Writes what the rollout asks for. Each write has its own key: repeated, it saves nothing more. @returns the rollout after it */
  async #act(stored: StoredRollout, actions: readonly Action[], present: PresentPolicy | null): Promise<Rollout> {
    for (const action of actions) {
      const event = await this.#write(stored.rollout.id, action, present);
      const known = this.#parts.table.withId(stored.rollout.id)?.rollout ?? stored.rollout;
      const advanced = advance(known, event);
      const isNews = event.kind === "write-succeeded";
      this.#store(
        stored,
        advanced,
        isNews ? { by: ROLLOUT_AUTHOR, what: `policy ${event.version}: ${action.reason}` } : null,
      );
    }
    return this.#parts.table.withId(stored.rollout.id)?.rollout ?? stored.rollout;
  }

  async #write(id: number, action: Action, present: PresentPolicy | null): Promise<RolloutEvent> {
    const { number: write, values, expectedVersion, reason } = action;
    const failed = (problem: string): RolloutEvent => ({ kind: "write-failed", nowMs: Date.now(), write, problem });
    if (present === null) return failed("The policy is not known.");
    const { inForce } = present;
    if (inForce.version !== expectedVersion) {
      return failed(`Policy version ${inForce.name} is in force, and the rollout knows version ${expectedVersion}.`);
    }
    // Its author wanted another policy. Only what ends a rollout replaces it: a rollback does not wait for a person.
    if (inForce.rejected !== null && this.#isRunning(id)) {
      const problem = `Policy version ${present.name} is stored, and is rejected: ${inForce.rejected.problem}.`;
      return failed(`${problem} The step waits until it is replaced.`);
    }
    try {
      const result = await this.#parts.policies.save({
        document: withValues(inForce.text, values),
        expected: present.name,
        author: ROLLOUT_AUTHOR,
        message: reason,
        key: `rollout ${id} write ${write}`,
      });
      if (result.is === "invalid") return failed(result.problems.join("; "));
      if (result.is !== "saved") return failed(result.problem);
      return { kind: "write-succeeded", nowMs: Date.now(), write, version: result.present.version ?? expectedVersion };
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  #isRunning(id: number): boolean {
    const stored = this.#parts.table.withId(id);
    return stored !== null && !hasEnded(stored.rollout);
  }

  /** The next look is due as long as something may follow. */
  #store(stored: StoredRollout, { rollout, look }: Advanced, event: { by: string; what: string } | null): void {
    const { table, transaction } = this.#parts;
    const isOver = rollout.endedMs !== null && rollout.pending === null;
    const nextLookMs = isOver ? null : (stored.nextLookMs ?? Date.now() + stored.lookEveryMs);
    transaction(() => {
      table.store({ ...stored, rollout, nextLookMs }, look);
      if (event !== null) table.record({ ...event, atMs: Date.now(), rolloutId: rollout.id });
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#before.then(work, work);
    this.#before = result.catch(() => {});
    return result;
  }
}
