/** One simulated rollout, from its start to its end, through the control plane's own `advance`. Pure; the clock is the minute's number. */
import { advance } from "../../../control-plane/rollout/advance.ts";
import type { StepFigures } from "../../../control-plane/rollout/figures.ts";
import { startRollout } from "../../../control-plane/rollout/plan.ts";
import { DEFAULT_THRESHOLDS } from "../../../control-plane/rollout/thresholds.ts";
import type {
  Advanced,
  PolicyValues,
  Rollout,
  RolloutEvent,
  RolloutKind,
  RolloutState,
} from "../../../control-plane/rollout/types.ts";
import { binomial, type Random } from "./sampling.ts";
import { Arm, outageAt, trafficOf, type World } from "./world.ts";

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1440;
/** Looks: each minute of a step's first hours and of an outage, then each thirtieth. Safety does not depend on it, the time of a run does. */
const EVERY_MINUTE_FOR = 6 * 60;
const THEN_EVERY = 30;

const MODELS = { present: `mail-tagger@${"1a".repeat(32)}`, candidate: `mail-tagger@${"2b".repeat(32)}` };
const BEFORE: PolicyValues = { sharePercent: 0, shadowPercent: 0, model: null, candidate: null };

export interface Ended {
  state: RolloutState;
  /** Of the last verdict or the pause. */
  reason: string;
  /** Eligible texts of both arms until then. */
  texts: number;
  minutes: number;
  step: string;
}

/** Until the rollout has ended, or is paused for lack of a decision. @param maxDays a bound for faults of the simulation */
export function runRollout(random: Random, world: World, kind: RolloutKind, maxDays = 60): Ended {
  let policy = { version: 1, rolloutId: null as number | null, values: BEFORE };
  let texts = 0;
  let nowMs = MINUTE_MS;
  let rollout: Rollout = begin(kind, policy);
  let step = countsOf(random, world, kind, 0.1);
  const apply = ({ rollout: next, actions }: Advanced) => {
    rollout = next;
    for (const { number: write, values } of actions) {
      policy = { version: policy.version + 1, rolloutId: rollout.id, values };
      rollout = advance(rollout, { kind: "write-succeeded", nowMs, write, version: policy.version }).rollout;
      step = countsOf(random, world, kind, rollout.steps[rollout.step]?.part ?? 1);
    }
  };
  apply({ rollout, actions: firstActions(rollout), look: null, refused: null });
  let minute = 0;
  while (rollout.endedMs === null && rollout.state !== "paused" && minute < maxDays * MINUTES_PER_DAY) {
    const minutes = step.nextLook(minute);
    texts += step.count(minute, minutes);
    minute += minutes;
    nowMs += minutes * MINUTE_MS;
    const event: RolloutEvent = { kind: "look", nowMs, policy, figures: step.figures(nowMs) };
    apply(advance(rollout, event));
  }
  const { state, reason } = rollout;
  return { state, reason, texts, minutes: minute, step: rollout.steps[rollout.step]?.name ?? "" };
}

function begin(
  kind: RolloutKind,
  policy: { version: number; rolloutId: number | null; values: PolicyValues },
): Rollout {
  const isModel = kind === "model";
  const started = startRollout({
    id: 1,
    kind,
    target: isModel ? MODELS.candidate : 100,
    steps: null,
    shadowFirst: false,
    again: false,
    thresholds: DEFAULT_THRESHOLDS,
    policy: isModel ? { ...policy, values: { ...policy.values, model: MODELS.present, sharePercent: 100 } } : policy,
    earlier: [],
    nowMs: 0,
  });
  if (!started.ok) throw new Error(started.problem);
  return started.advanced.rollout;
}

function firstActions({ pending }: Rollout): Advanced["actions"] {
  if (pending === null) return [];
  return [
    { kind: "write", number: pending.number, values: pending.values, expectedVersion: 1, reason: pending.reason },
  ];
}

/** The counts of one step, as the ledger has them. */
function countsOf(random: Random, world: World, kind: RolloutKind, askedPart: number) {
  // Isolates have more and less traffic, so that a model's part of the texts is not its part of the isolates.
  const part = kind === "model" ? Math.min(0.97, askedPart * (0.7 + 0.6 * random())) : askedPart;
  const treatment = new Arm(random, world.treatment, Number.POSITIVE_INFINITY);
  const control = new Arm(random, world.control, Number.POSITIVE_INFINITY);
  const shadow = { treatment: { compared: 0, disagreed: 0 }, control: { compared: 0, disagreed: 0 } };
  let passed = 0;
  let isOneMinute = true;
  return {
    /** @returns minutes until the next look */
    nextLook(minute: number): number {
      return passed < EVERY_MINUTE_FOR || outageAt(world, minute, THEN_EVERY) !== null ? 1 : THEN_EVERY;
    },
    /** @returns the texts of these minutes */
    count(minute: number, minutes: number): number {
      const { load, texts, failureRate } = trafficOf(random, world, minute, minutes);
      const inside = binomial(random, texts, part);
      treatment.count(inside, failureRate.treatment, load);
      control.count(texts - inside, failureRate.control, load);
      compare(random, shadow.treatment, kind === "model" ? inside : texts, world.treatmentDisagreement);
      compare(random, shadow.control, texts - inside, world.disagreement);
      passed += minutes;
      isOneMinute = minutes === 1;
      return texts;
    },
    figures(nowMs: number): StepFigures {
      const minute = {
        startMs: nowMs - MINUTE_MS,
        treatment: treatment.latest,
        control: control.latest,
      };
      return {
        treatment,
        control,
        minute: isOneMinute ? minute : null,
        agreement: shadow.treatment,
        incumbent: kind === "model" ? shadow.control : null,
        coverage: 1,
        lastTextMs: nowMs,
        callers: null,
        candidateRejected: null,
      };
    },
  };
}

/** Of the texts that both sides classify. */
const SHADOW_PART = 0.1;

function compare(
  random: Random,
  counts: { compared: number; disagreed: number },
  texts: number,
  disagreement: number,
): void {
  const compared = binomial(random, texts, SHADOW_PART);
  counts.compared += compared;
  counts.disagreed += binomial(random, compared, disagreement);
}
