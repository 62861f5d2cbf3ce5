/** What a rollout writes into the policy, and takes back. Pure. */
import { evidenceOfNextStep } from "./evidence.ts";
import type { Action, Advanced, PendingWrite, PolicyValues, PresentPolicy, Rollout, RolloutState } from "./types.ts";

const ENDED: readonly RolloutState[] = ["succeeded", "failed", "interrupted", "aborted"];

/** Whether no step will follow. A rollback may still wait to be written. */
export function hasEnded({ state }: Rollout): boolean {
  return ENDED.includes(state);
}

/** Without a look, an action or a refusal. */
export function only(rollout: Rollout): Advanced {
  return { rollout, actions: [], look: null, refused: null };
}

/** What the rollout has put in force. */
export function valuesInForce({ before, steps, step, stepStartedMs }: Rollout): PolicyValues {
  return stepStartedMs === null ? before : (steps[step]?.values ?? before);
}

export function sameValues(a: PolicyValues, b: PolicyValues): boolean {
  return (
    a.sharePercent === b.sharePercent &&
    a.shadowPercent === b.shadowPercent &&
    a.model === b.model &&
    sameCandidate(a.candidate, b.candidate)
  );
}

function sameCandidate(a: PolicyValues["candidate"], b: PolicyValues["candidate"]): boolean {
  return a?.model === b?.model && a?.sharePercent === b?.sharePercent;
}

/** Asks for the pending write, on top of this version; nothing without one. */
export function askForPending(rollout: Rollout, expectedVersion: number): { rollout: Rollout; actions: Action[] } {
  const { pending } = rollout;
  if (pending === null) return { rollout, actions: [] };
  const { number, values, reason } = pending;
  return {
    rollout: { ...rollout, pending: { ...pending, attempts: pending.attempts + 1 } },
    actions: [{ kind: "write", number, values, expectedVersion, reason }],
  };
}

/** The next step waits to be written; the present one is in force until then. A step that changes nothing begins at once. */
export function beginStep(rollout: Rollout, toStep: number, nowMs: number): Rollout {
  const next = rollout.steps[toStep];
  if (next === undefined) return { ...rollout, state: "succeeded", endedMs: nowMs };
  const { values, name } = next;
  const isInForce = rollout.stepStartedMs !== null && sameValues(values, valuesInForce(rollout));
  if (isInForce && next.judgedBy === "end") return stepWritten(rollout, toStep, rollout.policyVersion, nowMs);
  return withPending(rollout, { kind: "step", toStep, values, reason: `rollout #${rollout.id}: ${name}` });
}

/** The rollout ends, and what it changed is undone: `values` is written unless it is what is in force. */
export function rollBack(
  rollout: Rollout,
  state: "failed" | "aborted",
  { reason, present, nowMs }: { reason: string; present: PresentPolicy | null; nowMs: number },
): Rollout {
  const inForce = valuesInForce(rollout);
  const values = restored(present?.values ?? inForce, inForce, rollout.before);
  const ended: Rollout = { ...rollout, state, reason, endedMs: nowMs, pending: null };
  if (sameValues(values, present?.values ?? inForce)) return ended;
  return withPending(ended, { kind: "rollback", toStep: null, values, reason: `rollout #${rollout.id}: rolled back` });
}

/** Each value that is still the rollout's gets its former one. What another author has changed since stays. */
export function restored(present: PolicyValues, inForce: PolicyValues, before: PolicyValues): PolicyValues {
  return {
    sharePercent: present.sharePercent === inForce.sharePercent ? before.sharePercent : present.sharePercent,
    shadowPercent: present.shadowPercent === inForce.shadowPercent ? before.shadowPercent : present.shadowPercent,
    model: present.model === inForce.model ? before.model : present.model,
    candidate: sameCandidate(present.candidate, inForce.candidate) ? before.candidate : present.candidate,
  };
}

/** The pending write is in force as this version. */
export function pendingWritten(rollout: Rollout, version: number, nowMs: number): Rollout {
  const { pending } = rollout;
  if (pending === null) return rollout;
  if (pending.toStep === null) return { ...rollout, policyVersion: version, pending: null };
  return stepWritten(rollout, pending.toStep, version, nowMs);
}

/** The step's values are in force as this version. A pause stays a pause: the step was asked for before it. */
export function stepWritten(rollout: Rollout, step: number, version: number, nowMs: number): Rollout {
  const begun: Rollout = {
    ...rollout,
    step,
    policyVersion: version,
    stepStartedMs: nowMs,
    waitsSinceMs: nowMs,
    pending: null,
    evidence: rollout.stepStartedMs === null ? rollout.evidence : evidenceOfNextStep(rollout.evidence),
  };
  if (rollout.steps[step]?.judgedBy === "end") return { ...begun, state: "succeeded", endedMs: nowMs };
  return rollout.state === "paused" ? begun : { ...begun, state: "running" };
}

function withPending(rollout: Rollout, write: Pick<PendingWrite, "kind" | "toStep" | "values" | "reason">): Rollout {
  const number = rollout.writes + 1;
  return { ...rollout, writes: number, pending: { number, ...write, attempts: 0, lastProblem: null } };
}
