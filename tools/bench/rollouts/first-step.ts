/**
 * The first step of a share, judged by three rules on the same traffic: the control plane's, a fixed threshold on the last minute, and a daily
 * z-test. Pure.
 */
import { FIRST_EVIDENCE } from "../../../control-plane/rollout/evidence.ts";
import { judge } from "../../../control-plane/rollout/judge.ts";
import { DEFAULT_THRESHOLDS } from "../../../control-plane/rollout/thresholds.ts";
import { binomial, type Random } from "./sampling.ts";
import { Arm, trafficOf, type World } from "./world.ts";

export const RULES = ["rollout", "fixed", "z-test"] as const;
export type Rule = (typeof RULES)[number];

/** `null`: not decided at the end of the step. */
export type Decision = "back" | "next" | null;

const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 1440;
const DAYS = 7;
const PART = 0.1;
const STEP = { judgedBy: "compare", part: PART, minMs: DEFAULT_THRESHOLDS.minStepMs } as const;
/** The rollout's rule, between the first hours and the end: its safety does not depend on it. */
const JUDGED_EVERY = 30;
const FIRST_MINUTES = 360;

/**
 * Flagger's documented example: a success rate of at least 99 % and a bound on a high percentile in the last minute, five failed checks until
 * the rollback. Its bound on P95 is 1.2 times the true P95 outside, which an operator would not know.
 * https://docs.flagger.app/usage/metrics
 */
const FIXED = { successRate: 0.99, slowerRate: 0.05, failedChecks: 5, minutes: 60 };
/** Two-sided 5 %, on each day; the next step after a week without an alarm. */
const Z = 1.96;

export function judgeFirstStep(random: Random, world: World, limitMs: number): Record<Rule, Decision> {
  const treatment = new Arm(random, world.treatment, limitMs);
  const control = new Arm(random, world.control, limitMs);
  const slower = { treatment: 0, control: 0 };
  const shadow = { compared: 0, disagreed: 0 };
  const decided: Record<Rule, Decision> = { rollout: null, fixed: null, "z-test": null };
  let evidence = FIRST_EVIDENCE;
  let failedChecks = 0;
  for (let minute = 1; minute <= DAYS * MINUTES_PER_DAY; minute++) {
    const { load, texts, failureRate } = trafficOf(random, world, minute, 1);
    const inside = binomial(random, texts, PART);
    treatment.count(inside, failureRate.treatment, load);
    control.count(texts - inside, failureRate.control, load);
    slower.treatment += treatment.latest.slower;
    slower.control += control.latest.slower;
    const compared = binomial(random, texts, 0.1);
    shadow.compared += compared;
    shadow.disagreed += binomial(random, compared, world.treatmentDisagreement);

    if (decided.fixed === null) {
      failedChecks += isCheckFailed(treatment.latest) ? 1 : 0;
      if (failedChecks >= FIXED.failedChecks) decided.fixed = "back";
      else if (minute >= FIXED.minutes) decided.fixed = "next";
    }
    if (decided["z-test"] === null && minute % MINUTES_PER_DAY === 0) {
      const isWorse =
        zOf(treatment.failures, treatment.n, control.failures, control.n) > Z ||
        zOf(slower.treatment, treatment.n, slower.control, control.n) > Z;
      if (isWorse) decided["z-test"] = "back";
      else if (minute === DAYS * MINUTES_PER_DAY) decided["z-test"] = "next";
    }
    if (decided.rollout === null && (minute <= FIRST_MINUTES || minute % JUDGED_EVERY === 0)) {
      const startMs = minute * MINUTE_MS;
      const figures = {
        treatment,
        control,
        minute: { startMs, treatment: treatment.latest, control: control.latest },
        agreement: shadow,
        incumbent: null,
        coverage: 1,
        lastTextMs: startMs,
        callers: null,
        candidateRejected: null,
      };
      const nowMs = startMs + MINUTE_MS;
      const judgement = judge({
        compared: "share",
        step: STEP,
        thresholds: DEFAULT_THRESHOLDS,
        evidence,
        figures,
        nowMs,
        sinceMs: MINUTE_MS,
      });
      evidence = judgement.evidence;
      if (judgement.verdict === "failed") decided.rollout = "back";
      if (judgement.verdict === "successful") decided.rollout = "next";
    }
    if (RULES.every((rule) => decided[rule] !== null)) break;
  }
  return decided;
}

function isCheckFailed({ n, failures, slower }: { n: number; failures: number; slower: number }): boolean {
  return n > 0 && (failures > (1 - FIXED.successRate) * n || slower > FIXED.slowerRate * n);
}

/** Of two proportions, pooled; positive where the first is higher. */
function zOf(first: number, n: number, second: number, m: number): number {
  const pooled = (first + second) / (n + m);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return deviation > 0 ? (first / n - second / m) / deviation : 0;
}
