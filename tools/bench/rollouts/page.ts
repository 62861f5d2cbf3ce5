/** The tables of docs/internals/rollouts.md, from the JSON of the bench. Pure. */
import { z } from "zod";
import { count, percent } from "../../../control-plane/report/numbers.ts";
import { pictureSchema } from "./picture.ts";

const tallySchema = z.object({ count: z.number(), runs: z.number(), part: z.number() });

/** The part of `npm run bench -- rollouts --json` that the page and the picture need. */
export const pageSchema = pictureSchema.extend({
  falseAlarmsByRate: z.record(z.string(), tallySchema),
  shippedRegressionsByScenario: z.record(z.string(), tallySchema),
  rules: z.array(
    z.object({
      rule: z.string(),
      scenario: z.string(),
      ratePerSecond: z.number(),
      runs: z.number(),
      decisions: z.object({ back: z.number(), next: z.number(), none: z.number() }),
    }),
  ),
});
export type PageData = z.infer<typeof pageSchema>;

const BEGIN = "<!-- generated: rollouts -->";
const END = "<!-- end of generated: rollouts -->";

/** The page with its tables replaced. @throws Error if the page has no place for them */
export function withTables(page: string, data: PageData): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`The page has no ${BEGIN} … ${END}.`);
  return `${before}${BEGIN}\n\n${tablesOf(data)}\n\n${END}${after}`;
}

function tablesOf({ falseAlarmsByRate, shippedRegressionsByScenario, rows, rules }: PageData): string {
  const tally = ({ count: n, runs, part }: z.infer<typeof tallySchema>) => [count(n), count(runs), percent(part)];
  const promises = [
    ...Object.entries(falseAlarmsByRate).map(([rate, one]) => [`equal arms, ${rate} texts/s: failed`, ...tally(one)]),
    ...Object.entries(shippedRegressionsByScenario).map(([name, one]) => [`${name}: shipped`, ...tally(one)]),
  ];
  const ends = rows.map(({ scenario, ratePerSecond, runs, ended, textsToVerdict: { state, p50, p90 } }) => [
    scenario,
    count(ratePerSecond),
    ...[ended.failed, ended.succeeded, ended.paused].map((n) => percent((n ?? 0) / runs)),
    `${state}: ${roundedCount(p50)}`,
    roundedCount(p90),
  ]);
  const byRule = rules.map(({ scenario, ratePerSecond, rule, runs, decisions: { back, next, none } }) => [
    scenario,
    count(ratePerSecond),
    rule,
    ...[back, next, none].map((n) => percent(n / runs)),
  ]);
  return [
    table(["end", "runs with it", "runs", "part"], promises),
    table(["rollout", "texts/s", "failed", "succeeded", "paused", "texts, median", "90 %"], ends),
    ...(byRule.length === 0
      ? []
      : [table(["first step", "texts/s", "rule", "rolled back", "next step", "undecided"], byRule)]),
  ].join("\n\n");
}

/** Three digits: more would be noise. */
function roundedCount(n: number): string {
  return count(Number(n.toPrecision(3)));
}

/** Columns as wide as their widest cell, as the formatter of the docs has them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}
