/** A look at a rollout: which policy is in force, what the figures show, what follows. Pure. */
import { HOUR_MS } from "../widths.ts";
import type { StepFigures } from "./figures.ts";
import { type Judgement, judge } from "./judge.ts";
import type { Advanced, Look, Missing, PresentPolicy, Rollout, RolloutEvent, Verdict } from "./types.ts";
import { duration } from "./words.ts";
import {
  askForPending,
  beginStep,
  hasEnded,
  only,
  pendingWritten,
  restored,
  rollBack,
  sameValues,
  stepWritten,
  valuesInForce,
} from "./writes.ts";

type LookEvent = Extract<RolloutEvent, { kind: "look" }>;

/** After a write, the policy store may return a former version for this time. Of KV it is a minute. */
const STALE_MS = 120_000;
/** A step is held when its first text does not come for this time: two looks; later, when no text comes for an hour. */
const NO_TEXT_MS = 90_000;
const SILENT_MS = HOUR_MS;

export function lookAt(known: Rollout, event: LookEvent): Advanced {
  const { policy, nowMs } = event;
  const rollout = recognizeOwnVersion(known, policy, nowMs);
  const version = Math.max(rollout.policyVersion, policy.version);
  if (hasEnded(rollout)) return { ...only(rollout), ...askForPending(onPresent(rollout, policy), version) };
  // The figures are of the version before.
  if (rollout !== known) return only(rollout);
  const isOther = isOtherVersion(rollout, policy, nowMs);
  if (rollout.stepStartedMs === null) {
    if (isOther) return only(interrupted(rollout, policy, nowMs));
    return rollout.state === "paused" ? only(rollout) : { ...only(rollout), ...askForPending(rollout, version) };
  }
  return judged(rollout, event, { isOther, version, stepStartedMs: rollout.stepStartedMs });
}

interface Context {
  isOther: boolean;
  version: number;
  stepStartedMs: number;
}

function judged(rollout: Rollout, event: LookEvent, { isOther, version, stepStartedMs }: Context): Advanced {
  const { policy, nowMs, figures } = event;
  const { kind, steps, step: index, thresholds, evidence } = rollout;
  const step = steps[index];
  if (step === undefined) throw new RangeError(`rollout #${rollout.id} has no step ${index}`);
  const judgement = judge({
    compared: kind,
    step,
    thresholds,
    evidence,
    figures,
    nowMs,
    sinceMs: stepStartedMs,
  });
  const isReplaced = isOther && nothingToRestore(rollout, policy);
  const verdict = isOther && (judgement.verdict !== "failed" || isReplaced) ? "interrupted" : judgement.verdict;
  const seen = { ...rollout, evidence: judgement.evidence };
  const next = follow(seen, event, { verdict, judgement, isOther });
  const look = lookOf(next, step.name, { verdict, judgement, nowMs });
  const asked = askForPending({ ...next, looks: look.number, lastLook: look }, version);
  return { ...only(rollout), ...asked, look };
}

interface Found {
  verdict: Verdict;
  judgement: Judgement;
  isOther: boolean;
}

/** What the verdict makes of the rollout. */
function follow(rollout: Rollout, { policy, nowMs, figures }: LookEvent, found: Found): Rollout {
  const { verdict, judgement, isOther } = found;
  const { reason, missing, isEarly } = judgement;
  if (verdict === "failed") return rollBack(rollout, "failed", { reason, present: isOther ? policy : null, nowMs });
  if (verdict === "interrupted") return interrupted(rollout, policy, nowMs);
  if (rollout.state === "paused") return { ...rollout, pending: null };
  if (verdict === "successful") {
    const next = rollout.pending === null ? beginStep(rollout, rollout.step + 1, nowMs) : rollout;
    return { ...next, state: next.state === "succeeded" ? "succeeded" : "running", reason };
  }
  // A step that was successful and could not be written is not written any more.
  const isWaiting = isEarly && !isQuiet(rollout, figures, nowMs);
  const waiting: Rollout = { ...rollout, pending: null, state: isWaiting ? "running" : "held", reason };
  return pausedForLack(waiting, missing, { nowMs, lastTextMs: figures.lastTextMs });
}

/** Whether there is nothing to wait for: no text of the step has come, or none for long. */
function isQuiet({ waitsSinceMs }: Rollout, { treatment, control, lastTextMs }: StepFigures, nowMs: number): boolean {
  const quietMs = treatment.n + control.n === 0 ? NO_TEXT_MS : SILENT_MS;
  return nowMs - Math.max(waitsSinceMs, lastTextMs ?? 0) >= quietMs;
}

function pausedForLack(
  rollout: Rollout,
  missing: readonly Missing[],
  { nowMs, lastTextMs }: { nowMs: number; lastTextMs: number | null },
): Rollout {
  const { waitsSinceMs, thresholds } = rollout;
  const silentMs = nowMs - Math.max(waitsSinceMs, lastTextMs ?? 0);
  const isSilent = silentMs >= thresholds.maxSilentMs;
  if (!isSilent && nowMs - waitsSinceMs < thresholds.maxStepMs) return rollout;
  const why = isSilent
    ? `no text for ${duration(silentMs)}`
    : `no decision in ${duration(nowMs - waitsSinceMs)} of this step`;
  const list = missing.map(({ what }) => what).join("; ");
  return { ...rollout, state: "paused", reason: `Paused: ${why}. Missing: ${list}.` };
}

function interrupted(rollout: Rollout, { version }: PresentPolicy, nowMs: number): Rollout {
  const reason = `Policy version ${version} is in force, which the rollout has not written. It stays as it is.`;
  return { ...rollout, state: "interrupted", reason, endedMs: nowMs, pending: null };
}

function lookOf(
  { looks, policyVersion, state, reason }: Rollout,
  step: string,
  { verdict, judgement, nowMs }: { verdict: Verdict; judgement: Judgement; nowMs: number },
): Look {
  const { numbers, missing } = judgement;
  return {
    number: looks + 1,
    atMs: nowMs,
    step,
    policyVersion,
    verdict,
    reason: state === "interrupted" ? reason : judgement.reason,
    numbers,
    missing,
  };
}

/** A version that the rollout wrote without learning of it: the answer was lost, or the process ended before it was stored. */
function recognizeOwnVersion(rollout: Rollout, policy: PresentPolicy, nowMs: number): Rollout {
  if (policy.rolloutId !== rollout.id || policy.version <= rollout.policyVersion) return rollout;
  if (rollout.pending !== null && sameValues(policy.values, rollout.pending.values)) {
    return pendingWritten(rollout, policy.version, nowMs);
  }
  const at = rollout.steps.findIndex(({ values }) => sameValues(values, policy.values));
  if (at < 0) return rollout;
  if (!hasEnded(rollout)) return stepWritten(rollout, at, policy.version, nowMs);
  const { state, reason } = rollout;
  if (state !== "failed" && state !== "aborted") return rollout;
  // The step was written while the rollout ended: it is rolled back as well.
  const begun = { ...rollout, step: at, stepStartedMs: rollout.stepStartedMs ?? nowMs, policyVersion: policy.version };
  return rollBack(begun, state, { reason, present: policy, nowMs: rollout.endedMs ?? nowMs });
}

/** A rollback that waits to be written, on top of what another author has written since. */
function onPresent(rollout: Rollout, policy: PresentPolicy): Rollout {
  const { pending } = rollout;
  if (pending === null || policy.version <= rollout.policyVersion) return rollout;
  const values = restored(policy.values, valuesInForce(rollout), rollout.before);
  if (!sameValues(values, policy.values)) return { ...rollout, pending: { ...pending, values } };
  const reason = `${rollout.reason} Policy version ${policy.version} of another author has replaced what was to be rolled back.`;
  return { ...rollout, pending: null, reason };
}

/** A version that is lower than the known one was read before it: only the version 0 may be newer, which gateways accept at any time. */
function isOtherVersion(rollout: Rollout, { version, values }: PresentPolicy, nowMs: number): boolean {
  const { policyVersion, stepStartedMs, startedMs } = rollout;
  if (version === policyVersion) return !sameValues(values, valuesInForce(rollout));
  return version > policyVersion || (version === 0 && nowMs - (stepStartedMs ?? startedMs) > STALE_MS);
}

function nothingToRestore(rollout: Rollout, { values }: PresentPolicy): boolean {
  return sameValues(restored(values, valuesInForce(rollout), rollout.before), values);
}
