/** The steps of a rollout, and its start. Pure. */
import { DAY_MS } from "../widths.ts";
import { FIRST_EVIDENCE } from "./evidence.ts";
import type { Thresholds } from "./thresholds.ts";
import type {
  Advanced,
  PolicyValues,
  PresentPolicy,
  Rollout,
  RolloutKind,
  RolloutState,
  RolloutStep,
} from "./types.ts";
import { askForPending, beginStep, only } from "./writes.ts";

export interface StartRequest {
  id: number;
  kind: RolloutKind;
  /** Percent of a share; the id of a model. */
  target: number | string;
  /** Percent of texts, or of a model's isolates, in ascending order; null for the default ones. */
  steps: readonly number[] | null;
  /** Of a share: compare labels by shadow texts before any share moves. */
  shadowFirst: boolean;
  /** Start although a rollout with this target ended without success within a day. */
  again: boolean;
  thresholds: Thresholds;
  policy: PresentPolicy;
  /** Earlier rollouts. */
  earlier: readonly Pick<Rollout, "id" | "kind" | "target" | "state" | "endedMs" | "pending">[];
  nowMs: number;
}

export type Started =
  | { ok: true; advanced: Advanced }
  /** `conflict`: another rollout or an earlier one is in the way. `invalid`: the request cannot be obeyed. */
  | { ok: false; code: "conflict" | "invalid"; problem: string };

const DEFAULT_STEPS = [10, 50, 95];
const ALL = 100;
/** Shadow texts for the agreement of labels, where the shadow step has not shown it. */
const MIN_SHADOW_PERCENT = 10;
const AGAIN_AFTER_MS = DAY_MS;
const UNSUCCESSFUL: readonly RolloutState[] = ["failed", "aborted", "interrupted"];

/** The first event of a rollout: its first step waits to be written. */
export function startRollout(request: StartRequest): Started {
  const conflict = conflictOf(request);
  if (conflict !== null) return { ok: false, code: "conflict", problem: conflict };
  const planned = request.kind === "share" ? shareSteps(request) : modelSteps(request);
  if (typeof planned === "string") return { ok: false, code: "invalid", problem: planned };
  const { id, kind, target, thresholds, policy, nowMs } = request;
  const rollout: Rollout = {
    id,
    kind,
    target,
    state: "running",
    reason: `Started. The first step is ${planned[0]?.name}.`,
    steps: planned,
    step: 0,
    before: policy.values,
    policyVersion: policy.version,
    startedMs: nowMs,
    stepStartedMs: null,
    endedMs: null,
    waitsSinceMs: nowMs,
    thresholds,
    pending: null,
    evidence: FIRST_EVIDENCE,
    writes: 0,
    looks: 0,
    lastLook: null,
  };
  const asked = askForPending(beginStep(rollout, 0, nowMs), policy.version);
  return { ok: true, advanced: { ...only(rollout), ...asked } };
}

function conflictOf({ kind, target, again, earlier, nowMs }: StartRequest): string | null {
  const current = earlier.find((one) => !hasEndedFully(one));
  if (current !== undefined) {
    return `Rollout #${current.id} is ${current.state}${current.pending === null ? "" : " and not rolled back yet"}. One runs at a time: abort it or wait for its end.`;
  }
  const recent = earlier.findLast(
    (one) =>
      one.kind === kind &&
      one.target === target &&
      UNSUCCESSFUL.includes(one.state) &&
      nowMs - (one.endedMs ?? 0) < AGAIN_AFTER_MS,
  );
  if (recent === undefined || again) return null;
  return `Rollout #${recent.id} had the same target and ended as ${recent.state} less than 24 h ago. Read its reason; to try again now, pass --again.`;
}

function hasEndedFully({ state, pending }: Pick<Rollout, "state" | "pending">): boolean {
  return UNSUCCESSFUL.includes(state) || state === "succeeded" ? pending === null : false;
}

function shareSteps({ target, shadowFirst, ...request }: StartRequest): RolloutStep[] | string {
  const { values } = request.policy;
  if (typeof target !== "number" || !isPercent(target))
    return `The target is ${JSON.stringify(target)}; it must be a share in percent, above 0 and at most 100.`;
  const from = values.sharePercent;
  if (target <= from)
    return `The share is ${from} % already, and the target is ${target} %. A rollout raises it; to lower it, set the policy.`;
  const shares = sharesOf(request.steps, { from, target });
  if (typeof shares === "string") return shares;
  const shadowPercent = shadowFirst ? values.shadowPercent : Math.max(values.shadowPercent, MIN_SHADOW_PERCENT);
  const compared = shares.filter((share) => share < ALL);
  const shadow: RolloutStep = {
    name: "shadow",
    values: { ...values, shadowPercent: ALL },
    judgedBy: "shadow",
    part: 0,
    minMs: request.thresholds.minShadowMs,
  };
  return [
    ...(shadowFirst ? [shadow] : []),
    ...compared.map((share) => {
      const isLast = target === ALL && share === compared.at(-1);
      return compareStep(share, { ...values, sharePercent: share, shadowPercent }, minMsOf(request, isLast));
    }),
    endStep(`${target} %`, { ...values, sharePercent: target }),
  ];
}

function modelSteps({ target, shadowFirst, ...request }: StartRequest): RolloutStep[] | string {
  const { values } = request.policy;
  if (typeof target !== "string") return `The target is ${target}; it must be the id of a model: <name>@<digest>.`;
  if (values.model === target) return `The policy has the model ${target} already.`;
  if (shadowFirst) return "--shadow-first is for shares: a model's labels are compared in every step.";
  if (values.candidate !== null) {
    return `The policy has the candidate ${values.candidate.model} already. Remove \`candidate\` from the policy first.`;
  }
  const shares = sharesOf(request.steps, { from: 0, target: ALL });
  if (typeof shares === "string") return shares;
  const compared = shares.filter((share) => share < ALL);
  const shadowPercent = Math.max(values.shadowPercent, MIN_SHADOW_PERCENT);
  return [
    ...compared.map((share) => {
      const candidate = { model: target, sharePercent: share };
      return compareStep(share, { ...values, shadowPercent, candidate }, minMsOf(request, share === compared.at(-1)));
    }),
    endStep("all", { ...values, model: target }),
  ];
}

function compareStep(share: number, values: PolicyValues, minMs: number): RolloutStep {
  return { name: `${share} %`, values, judgedBy: "compare", part: share / 100, minMs };
}

/** @param isLast before all texts */
function minMsOf({ thresholds }: Pick<StartRequest, "thresholds">, isLast: boolean): number {
  return isLast ? thresholds.minLastStepMs : thresholds.minStepMs;
}

function endStep(name: string, values: PolicyValues): RolloutStep {
  return { name, values, judgedBy: "end", part: 1, minMs: 0 };
}

/** Ascending, above `from`, up to `target`. At least one is below 100 %: with all texts there is nothing to compare with. */
function sharesOf(
  asked: readonly number[] | null,
  { from, target }: { from: number; target: number },
): number[] | string {
  const list = asked ?? DEFAULT_STEPS.filter((share) => share > from && share < target);
  const wrong = list.find(
    (share, index) => !isPercent(share) || share <= from || share > target || share <= (list[index - 1] ?? 0),
  );
  if (wrong !== undefined) {
    return `The step ${wrong} is not allowed. Steps are percent, ascending, above ${from} and at most ${target}, as in 10,50,95,100.`;
  }
  const shares = list.at(-1) === target ? [...list] : [...list, target];
  if (shares.some((share) => share < ALL)) return shares;
  return from > 0
    ? [from, ...shares]
    : "No step is below 100 %, so nothing would be compared. Add one, as in --steps 10,50,95,100.";
}

/** With two decimals at most, as the policy has it. */
function isPercent(value: number): boolean {
  return value > 0 && value <= ALL && value === Number(value.toFixed(2));
}
