/** Bench `rollouts`: seeded rollouts through the control plane's own state machine: false alarms, shipped regressions, texts per verdict. */
import { count, percent } from "../../../control-plane/report/numbers.ts";
import type { RolloutState } from "../../../control-plane/rollout/types.ts";
import { step } from "../../spillway/terminal/progress.ts";
import { tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";
import { numberOption, wholeNumber } from "../arguments.ts";
import type { Bench, OptionValues, Report } from "../bench.ts";
import { RATES_PER_SECOND, type Row, type RuleRow, SCENARIOS, simulateRules, simulateScenario } from "./simulate.ts";

const ALIKE = { min: 10, max: 100_000, fallback: 2000 };
const OTHERS = { min: 10, max: 100_000, fallback: 300 };
const RULES = { min: 0, max: 100_000, fallback: 100 };
const SEED = { min: 1, max: 1_000_000, fallback: 1 };
/** The promise: of false alarms, and of shipped regressions. */
const MAX_PART = 0.01;

const NOTES = [
  "Each run is another gateway: failure rate 0.02 to 1 %, cold starts 3 to 10 % of the texts, labels that differ 0.05 to 0.4 %, traffic by the hour of the day, and every other day an outage of both arms.",
  "Counts are drawn per minute from Poisson and binomial laws; times are drawn into the buckets of the ledger's histogram when they are compared.",
  "A look each minute in the first 6 hours of a step and in an outage, then each 30 minutes. Half of the A/A runs are of a share, half of a model.",
  "A rollout of equal arms is no improvement: of a share it is paused after 7 days; a model may be as fast as the present one, and is shipped.",
  "By rules: the first step of a share, at 10 %, on the same traffic. Fixed: in a minute under 99 % answered, or P95 above 1.2 times its true value, five times; else on after an hour. z-test: failures and times on each day at 1.96; else on after 7 days.",
];

export const rolloutsBench: Bench = {
  name: "rollouts",
  summary:
    "how often rollouts of equal arms fail, how often regressions are shipped, and how many texts a verdict takes",
  options: {
    runs: numberOption("A/A rollouts at each rate", ALIKE),
    regressions: numberOption("rollouts of each regression at each rate", OTHERS),
    rules: numberOption("first steps judged by three rules, of each kind at each rate", RULES),
    seed: numberOption("another seed is other traffic", SEED),
  },
  quick: { runs: "200", regressions: "30", rules: "0" },
  async run(values: OptionValues) {
    const runs = {
      seed: wholeNumber(values, "seed", SEED),
      alike: Math.ceil(wholeNumber(values, "runs", ALIKE) / 2),
      others: wholeNumber(values, "regressions", OTHERS),
    };
    const ofRules = wholeNumber(values, "rules", RULES);
    const rows: Row[] = [];
    for (const scenario of SCENARIOS) {
      const name = `${scenario.name}, ${RATES_PER_SECOND.join(", ")} texts a second`;
      await step(name, async () => {
        for (const rate of RATES_PER_SECOND) rows.push(simulateScenario(scenario, rate, runs));
      });
    }
    const rules: RuleRow[] = [];
    await step("three rules on the same traffic", async () => {
      for (const rate of RATES_PER_SECOND) if (ofRules > 0) rules.push(...simulateRules(rate, runs, ofRules));
    });
    return reportOf(rows, rules, runs.seed);
  },
};

/** Counts and parts of runs that ended so. */
interface Tally {
  count: number;
  runs: number;
  part: number;
}

interface Summary {
  /** A/A rollouts that ended as failed. */
  falseAlarms: number;
  /** Regressions that ended as succeeded. */
  shippedRegressions: number;
  /** Of how many each is the number. */
  runs: { falseAlarms: number; shippedRegressions: number };
  falseAlarmsByRate: Record<string, Tally>;
  shippedRegressionsByRate: Record<string, Tally>;
  shippedRegressionsByScenario: Record<string, Tally>;
}

/** What the bench prints of its rows. */
export function reportOf(rows: readonly Row[], rules: readonly RuleRow[], seed: number): Report {
  const summary = summaryOf(rows);
  return {
    result: { seed, ...summary, rows, rules },
    tables: [mainTable(rows), ...(rules.length === 0 ? [] : [rulesTable(rules)])],
    headline: headlineOf(summary),
    notes: NOTES,
    problem: problemOf(summary),
  };
}

export function summaryOf(rows: readonly Row[]): Summary {
  const alike = rows.filter(({ truth }) => truth === "alike");
  const worse = rows.filter(({ truth }) => truth === "worse");
  const rate = ({ ratePerSecond }: Row) => String(ratePerSecond);
  const [falseAlarms, shipped] = [tallyOf(alike, "failed"), tallyOf(worse, "succeeded")];
  return {
    falseAlarms: falseAlarms.count,
    shippedRegressions: shipped.count,
    runs: { falseAlarms: falseAlarms.runs, shippedRegressions: shipped.runs },
    falseAlarmsByRate: by(alike, rate, "failed"),
    shippedRegressionsByRate: by(worse, rate, "succeeded"),
    shippedRegressionsByScenario: by(worse, ({ scenario }) => scenario, "succeeded"),
  };
}

function by(rows: readonly Row[], keyOf: (row: Row) => string, state: RolloutState): Record<string, Tally> {
  const groups = Object.groupBy(rows, keyOf);
  return Object.fromEntries(Object.entries(groups).map(([key, group]) => [key, tallyOf(group ?? [], state)]));
}

function tallyOf(rows: readonly Row[], state: RolloutState): Tally {
  const ended = rows.reduce((sum, row) => sum + (row.ended[state] ?? 0), 0);
  const runs = rows.reduce((sum, row) => sum + row.runs, 0);
  return { count: ended, runs, part: runs === 0 ? 0 : ended / runs };
}

function problemOf({ falseAlarmsByRate, shippedRegressionsByScenario }: Summary): string | null {
  const broken = [
    ...Object.entries(falseAlarmsByRate).map(
      ([rate, tally]) => [`false alarms at ${rate} texts a second`, tally] as const,
    ),
    ...Object.entries(shippedRegressionsByScenario).map(([name, tally]) => [`shipped: ${name}`, tally] as const),
  ].filter(([, { part }]) => part > MAX_PART);
  if (broken.length === 0) return null;
  const list = broken.map(([name, tally]) => `${name}: ${tally.count} of ${tally.runs}`).join("; ");
  return `More than ${percent(MAX_PART)} of the runs: ${list}.`;
}

function headlineOf({ falseAlarmsByRate, shippedRegressionsByScenario }: Summary): Table {
  const row = (name: string, { count: ended, runs, part }: Tally) => [name, ended, runs, percent(part)];
  return {
    title: "Simulated rollouts with the wrong verdict",
    header: ["verdict", "rollouts", "of", "part"],
    rows: [
      ...Object.entries(falseAlarmsByRate).map(([rate, tally]) => row(`false alarm, ${rate} texts/s`, tally)),
      ...Object.entries(shippedRegressionsByScenario).map(([name, tally]) => row(`shipped: ${name}`, tally)),
    ],
  };
}

const STATES: readonly RolloutState[] = ["failed", "succeeded", "paused"];

function mainTable(rows: readonly Row[]): Table {
  return {
    title: "Rollouts by how they ended, and eligible texts until the most frequent end",
    header: ["scenario", "texts/s", "runs", ...STATES, "end", "texts, median", "90 %", "hours, median"],
    rows: rows.map(({ scenario, ratePerSecond, runs, ended, textsToVerdict, hoursToVerdict }) => [
      scenario,
      ratePerSecond,
      runs,
      ...STATES.map((state) => ended[state] ?? 0),
      textsToVerdict.state,
      count(textsToVerdict.p50),
      count(textsToVerdict.p90),
      tenths(hoursToVerdict.p50),
    ]),
  };
}

function rulesTable(rules: readonly RuleRow[]): Table {
  return {
    title: "The first step by three rules on the same traffic: rolled back, next step, undecided after 7 days",
    header: ["scenario", "texts/s", "rule", "runs", "rolled back", "next step", "undecided"],
    rows: rules.map(({ scenario, ratePerSecond, rule, runs, decisions }) => [
      scenario,
      ratePerSecond,
      rule,
      runs,
      decisions.back,
      decisions.next,
      decisions.none,
    ]),
  };
}
