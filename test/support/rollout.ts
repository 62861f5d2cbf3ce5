/** A rollout and figures for tests: one valid case, bent by each test. */
import { advance } from "../../control-plane/rollout/advance.ts";
import type { ArmFigures, StepFigures } from "../../control-plane/rollout/figures.ts";
import { type StartRequest, startRollout } from "../../control-plane/rollout/plan.ts";
import { DEFAULT_THRESHOLDS } from "../../control-plane/rollout/thresholds.ts";
import type {
  Advanced,
  PolicyValues,
  PresentPolicy,
  Rollout,
  RolloutStatus,
} from "../../control-plane/rollout/types.ts";
import { Histogram } from "../../formats/ledger/histogram.ts";

export const HOUR_MS = 3_600_000;
export const START_MS = Date.UTC(2026, 10, 26, 10);
export const BEFORE: PolicyValues = { sharePercent: 0, shadowPercent: 0, model: null, candidate: null };
export const MODEL = `mail-tagger@${"2b".repeat(32)}`;

/** Texts whose times are `scale` times 100 to 500 ms. */
export function armOf(n: number, failures: number, scale = 1): ArmFigures {
  const times = new Histogram();
  const each = 100;
  for (let at = 0; at < each; at++) {
    const texts = Math.floor(((at + 1) * n) / each) - Math.floor((at * n) / each);
    if (texts > 0) {
      const one = new Histogram();
      one.observe(scale * (100 + 4 * at));
      for (const [index] of one.entries()) times.add(index, texts);
    }
  }
  return { n, failures, times };
}

/** Of a step at 10 %: successful, because the treatment arm is twice as fast and nothing is worse. */
export function goodFigures(change: Partial<StepFigures> = {}): StepFigures {
  return {
    treatment: armOf(4000, 4, 0.5),
    control: armOf(36_000, 36),
    minute: null,
    agreement: { compared: 2000, disagreed: 4 },
    incumbent: null,
    coverage: 1,
    lastTextMs: START_MS + 2 * HOUR_MS,
    callers: null,
    candidateRejected: null,
    ...change,
  };
}

/** Twice as fast, for the split of the rollout's step. @param more times the texts, so that P95 is compared again */
export function goodFor({ steps, step }: Rollout, more = 1): Partial<StepFigures> {
  const part = steps[step]?.part ?? 0.1;
  const [n, others] = [400_000 * more * part, 400_000 * more * (1 - part)];
  return { treatment: armOf(n, n / 1000, 0.5), control: armOf(others, others / 1000) };
}

export const NO_TEXTS: Partial<StepFigures> = { treatment: armOf(0, 0), control: armOf(0, 0) };
export const FAILING: Partial<StepFigures> = { treatment: armOf(4000, 80, 0.5) };
/** Equal times are no improvement. */
export const UNDECIDED: Partial<StepFigures> = { treatment: armOf(4000, 4) };

export function policyOf(version: number, values: PolicyValues, rolloutId: number | null = 1): PresentPolicy {
  return { version, rolloutId, values };
}

export function requestOf(change: Partial<StartRequest> = {}): StartRequest {
  return {
    id: 1,
    kind: "share",
    target: 100,
    steps: null,
    shadowFirst: false,
    again: false,
    thresholds: DEFAULT_THRESHOLDS,
    policy: policyOf(3, BEFORE, null),
    earlier: [],
    nowMs: START_MS,
    ...change,
  };
}

/** What is shown of a rollout that is held. */
export const HELD: RolloutStatus = {
  id: 3,
  kind: "share",
  target: 100,
  state: "held",
  step: "10 %",
  steps: ["shadow", "10 %", "100 %"],
  verdict: "inconclusive",
  reason: "Not enough texts.",
  missing: [{ what: "400 texts of the inside arm", texts: 400, ms: 7_200_000 }],
  policyVersion: 6,
  startedMs: START_MS,
  stepStartedMs: START_MS,
  endedMs: null,
  pending: null,
  numbers: null,
};

/** Its first step is asked for. @throws Error with the problem of the request */
export function started(change: Partial<StartRequest> = {}): Advanced {
  const result = startRollout(requestOf(change));
  if (!result.ok) throw new Error(result.problem);
  return result.advanced;
}

/** Its first step was written as version 4. */
export function running(change: Partial<StartRequest> = {}): Rollout {
  const { rollout } = started(change);
  return advance(rollout, { kind: "write-succeeded", nowMs: START_MS, write: 1, version: 4 }).rollout;
}

/** A look two hours after the start, at the policy that the rollout has written. */
export function lookAt(
  rollout: Rollout,
  figures: Partial<StepFigures> = {},
  { nowMs = START_MS + 2 * HOUR_MS, policy = presentOf(rollout) } = {},
): Advanced {
  return advance(rollout, { kind: "look", nowMs, policy, figures: goodFigures(figures) });
}

/** What the rollout has put in force. */
export function presentOf({ policyVersion, stepStartedMs, steps, step, before, id }: Rollout): PresentPolicy {
  const values = stepStartedMs === null ? before : (steps[step]?.values ?? before);
  return { version: policyVersion, rolloutId: stepStartedMs === null ? null : id, values };
}
