/** Many seeded rollouts of each kind, and the first step by three rules. Pure. */
import type { RolloutKind, RolloutState } from "../../../control-plane/rollout/types.ts";
import { percentile } from "../../statistics.ts";
import { type Decision, judgeFirstStep, RULES, type Rule } from "./first-step.ts";
import { type Ended, runRollout } from "./run.ts";
import { randomOf } from "./sampling.ts";
import { type Change, trueP95Ms, worldOf } from "./world.ts";

export const RATES_PER_SECOND = [1, 10, 100] as const;

export interface Scenario {
  name: string;
  kind: RolloutKind;
  /** Both arms alike: `failed` is a false alarm. A regression: `succeeded` is a shipped regression. */
  truth: "alike" | "better" | "worse";
  change: Change;
}

const ALIKE: Change = { moreFailures: 0, slowdown: 1, moreDisagreement: 0, atEdge: false };
const AT_EDGE: Change = { ...ALIKE, atEdge: true };
const WORSE = {
  failures: { moreFailures: 0.02 },
  slower: { slowdown: 1.3 },
  labels: { moreDisagreement: 0.02 },
} satisfies Record<string, Partial<Change>>;

/** A regression of a share is at an edge that is faster otherwise: nothing else could keep it from being shipped. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "A/A, a share", kind: "share", truth: "alike", change: ALIKE },
  { name: "A/A, a model", kind: "model", truth: "alike", change: ALIKE },
  { name: "faster, a share", kind: "share", truth: "better", change: AT_EDGE },
  { name: "2 points more failures, a share", kind: "share", truth: "worse", change: { ...AT_EDGE, ...WORSE.failures } },
  { name: "2 points more failures, a model", kind: "model", truth: "worse", change: { ...ALIKE, ...WORSE.failures } },
  { name: "30 % slower P95, a share", kind: "share", truth: "worse", change: { ...ALIKE, ...WORSE.slower } },
  { name: "30 % slower P95, a model", kind: "model", truth: "worse", change: { ...ALIKE, ...WORSE.slower } },
  { name: "2 % other labels, a share", kind: "share", truth: "worse", change: { ...AT_EDGE, ...WORSE.labels } },
  { name: "2 % other labels, a model", kind: "model", truth: "worse", change: { ...ALIKE, ...WORSE.labels } },
];

export interface Row {
  scenario: string;
  kind: RolloutKind;
  truth: Scenario["truth"];
  ratePerSecond: number;
  runs: number;
  ended: Partial<Record<RolloutState, number>>;
  /** Eligible texts of both arms until the most frequent end. */
  textsToVerdict: { state: RolloutState; p10: number; p50: number; p90: number };
  hoursToVerdict: { p50: number; p90: number };
}

export interface Runs {
  seed: number;
  /** Of each A/A scenario and rate. */
  alike: number;
  /** Of each other scenario and rate. */
  others: number;
}

export function simulateScenario(scenario: Scenario, ratePerSecond: number, { seed, alike, others }: Runs): Row {
  const { name, kind, truth, change } = scenario;
  const runs = truth === "alike" ? alike : others;
  const streamOf = SCENARIOS.indexOf(scenario) * RATES_PER_SECOND.length + Math.round(Math.log10(ratePerSecond));
  const all: Ended[] = [];
  for (let run = 0; run < runs; run++) {
    const random = randomOf(seed * 1000 + streamOf, run);
    all.push(runRollout(random, worldOf(random, ratePerSecond, change), kind));
  }
  const ended = countBy(all.map(({ state }) => state));
  const most =
    (Object.entries(ended) as [RolloutState, number][]).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "paused";
  const typical = all.filter(({ state }) => state === most);
  const texts = (percent: number) =>
    percentile(
      typical.map((one) => one.texts),
      percent,
    );
  const hours = (percent: number) =>
    percentile(
      typical.map(({ minutes }) => minutes / 60),
      percent,
    );
  return {
    scenario: name,
    kind,
    truth,
    ratePerSecond,
    runs,
    ended,
    textsToVerdict: { state: most, p10: texts(10), p50: texts(50), p90: texts(90) },
    hoursToVerdict: { p50: hours(50), p90: hours(90) },
  };
}

export interface RuleRow {
  rule: Rule;
  scenario: string;
  truth: Scenario["truth"];
  ratePerSecond: number;
  runs: number;
  decisions: Record<"back" | "next" | "none", number>;
}

/** A/A and the regressions of a share that this step could show: the other two rules compare no labels. */
export function simulateRules(ratePerSecond: number, { seed }: Pick<Runs, "seed">, runs: number): RuleRow[] {
  const scenarios = SCENARIOS.filter(({ kind, truth }) => kind === "share" && truth !== "better");
  return scenarios.flatMap((scenario, at) => {
    const { name, truth, change } = scenario;
    const all = Array.from({ length: runs }, (_, run) => {
      const random = randomOf(seed * 1000 + 500 + at * 10 + Math.round(Math.log10(ratePerSecond)), run);
      const world = worldOf(random, ratePerSecond, change);
      return judgeFirstStep(random, world, 1.2 * trueP95Ms(world.control));
    });
    return RULES.map((rule) => ({
      rule,
      scenario: name,
      truth,
      ratePerSecond,
      runs,
      decisions: decisionsOf(all.map((decided) => decided[rule])),
    }));
  });
}

function decisionsOf(decisions: readonly Decision[]): RuleRow["decisions"] {
  const of = (wanted: Decision) => decisions.filter((one) => one === wanted).length;
  return { back: of("back"), next: of("next"), none: of(null) };
}

function countBy(states: readonly RolloutState[]): Partial<Record<RolloutState, number>> {
  const counts: Partial<Record<RolloutState, number>> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
