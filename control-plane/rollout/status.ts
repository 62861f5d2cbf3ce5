/** A rollout as commands and the console show it. Pure. */
import type { Rollout, RolloutStatus } from "./types.ts";

export function statusOf(rollout: Rollout): RolloutStatus {
  const { id, kind, target, state, reason, policyVersion, startedMs, stepStartedMs, endedMs, pending, lastLook } =
    rollout;
  const steps = rollout.steps.map(({ name }) => name);
  return {
    id,
    kind,
    target,
    state,
    step: steps[rollout.step] ?? "",
    steps,
    verdict: lastLook?.verdict ?? null,
    reason,
    missing: endedMs === null ? (lastLook?.missing ?? []) : [],
    policyVersion,
    startedMs,
    stepStartedMs,
    endedMs,
    pending,
    numbers: lastLook?.numbers ?? null,
  };
}
