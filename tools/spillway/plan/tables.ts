/** A plan as tables and sentences; terminal and HTML draw them. Pure. */
import {
  count,
  ms,
  msInterval,
  percent,
  percentInterval,
  quantity,
  usd,
} from "../../../control-plane/report/numbers.ts";
import { type Cell, type Table, tableOf } from "../../../control-plane/report/table.ts";
import type { Estimate } from "../../../control-plane/statistics/interval.ts";
import type { Verdict } from "./advice.ts";
import type { Assumption } from "./assumptions.ts";
import type { Plan, PlannedAssumption, PlannedOption } from "./plan.ts";

const MILLION = 1e6;

/** In the order of the plan. */
export function tablesOf(plan: Plan): Table[] {
  return [
    optionTable(plan),
    ...(plan.compared.length === 0 ? [] : [comparedTable(plan)]),
    shareTable(plan),
    ...plan.options.filter(({ id }) => SHOWN_SUMS.includes(id)).map(sumTable),
    assumptionTable(plan),
  ];
}

const SHOWN_SUMS = ["lambda-x86", "spillway-10", "spillway-100"];

function optionTable({ options, pricesAsOf }: Plan): Table {
  return tableOf({
    id: "options",
    title: "A month",
    head: ["", "P50", "P95", "P99", "cold start", "bill"],
    rows: options.map((option) => [
      option.name,
      timeCell(option.p50Ms),
      timeCell(option.p95Ms),
      timeCell(option.p99Ms),
      { text: percent(option.waitedPart.value), range: percentInterval(option.waitedPart) },
      { text: usd(option.billUsd.value), range: usdInterval(option.billUsd) },
    ]),
    notes: [
      "Times: from the call to the answer at the function or at the Worker; the way to the caller is in none. Bill: with plan and free tier.",
      "Cold start: calls that wait for a new Lambda instance. No text waits for an isolate's model: it goes to the origin.",
      `Intervals: the sample at 95 %, widened by each assumption's range. Prices of ${pricesAsOf}, us-east-1.`,
    ],
  });
}

function timeCell(estimate: Estimate): Cell {
  return { text: ms(estimate.value), range: msInterval(estimate, estimate.value) };
}

function usdInterval({ low, high }: Estimate): string {
  return high === null ? `≥ ${usd(low)}` : `[${usd(low)}, ${usd(high)}]`.replaceAll("$", "");
}

function comparedTable({ compared }: Plan): Table {
  return tableOf({
    id: "compared",
    title: "Predicted and measured",
    head: ["", "predicted", "measured", "difference", "allowed"],
    rows: compared.map(({ name, predicted, measured, difference, allowed }) => [
      name === "cost" ? "$/M texts" : `P95, ${name}`,
      name === "cost" ? usd(predicted) : ms(predicted),
      name === "cost" ? usd(measured) : ms(measured),
      `${difference < 0 ? "−" : "+"}${percent(Math.abs(difference))}`,
      `± ${percent(allowed)}`,
    ]),
    notes: ["At the share of the ledger's report. Cost: at list prices, everything included."],
  });
}

function shareTable({ options }: Plan): Table {
  const shares = options.filter(({ sharePercent }) => sharePercent !== null);
  const row = (name: string, cell: (option: PlannedOption) => Cell) => [name, ...shares.map(cell)];
  const reasons = [...new Set(shares.flatMap((option) => Object.keys(option.reasons)))];
  const arms = ["inside", "outside", "ineligible"] as const;
  return tableOf({
    id: "shares",
    title: "Spillway in detail",
    head: ["", ...shares.map(({ name }) => name.replace("Spillway ", ""))],
    rows: [
      ...arms.map((arm) =>
        row(`P95, ${arm}`, ({ arms }) => ({
          text: ms(arms?.[arm].p95Ms ?? null),
          range: `${percent(arms?.[arm].part ?? 0)} of texts`,
        })),
      ),
      ...reasons.map((because) => row(because, (option) => percent(option.reasons[because] ?? 0))),
      row("meet a cold isolate", ({ coldPart }) => ({
        text: percent(coldPart.value),
        range: percentInterval(coldPart),
      })),
      row("loads of the model", ({ loads }) => `${count(loads)} a month`),
      row("CPU, with loads", ({ cpuMs }) => ({
        text: `${quantity(cpuMs.value / 1000)} s`,
        range: cpuMs.high === null ? "" : `[${quantity(cpuMs.low / 1000)}, ${quantity(cpuMs.high / 1000)}]`,
      })),
      row("Lambda memory", ({ gbSeconds }) => `${quantity(gbSeconds)} GB-s`),
    ],
    notes: [
      "A text in a cold isolate is billed at the origin too. Any text loads the model of its isolate, so loads do not depend on the share.",
      "The fewer texts are left for Lambda, the more of them meet a cold start there: P95 of ineligible texts.",
    ],
  });
}

function sumTable({ id, name, sums, planUsd, billUsd, listUsd }: PlannedOption): Table {
  const rows = sums.map(({ name: line, unit, quantity: used, included, usdPerUnit, usd: cost }): Cell[] => [
    line,
    { text: `${quantity(used)} ${unit}`, range: included === 0 ? "" : `− ${quantity(included)}` },
    `× ${usd(usdPerUnit * MILLION)}/M`,
    `= ${usd(cost)}`,
  ]);
  const total = [
    ...(planUsd === 0 ? [] : [["Workers paid plan", "", "", `= ${usd(planUsd)}`]]),
    ["bill", "", "", `= ${usd(billUsd.value)}`],
  ];
  return tableOf({
    id: `sums-${id}`,
    title: `The bill of ${name}`,
    head: ["", "quantity − included", "price", "sum"],
    rows: [...rows, ...total],
    notes: [`At list prices, without plan and included quantities: ${usd(listUsd)}.`],
  });
}

function assumptionTable({ assumptions }: Plan): Table {
  const open = assumptions.filter(isAssumed);
  return tableOf({
    id: "assumptions",
    title: "Assumptions",
    head: ["", "value", "range", "bill at 100 %", "P95 at 100 %"],
    rows: open.map((one) => [
      one.name,
      measured(one.value, one.unit),
      `${figure(one.low)} to ${figure(one.high)}`,
      movesCell(one, ({ billUsd }) => usd(billUsd)),
      movesCell(one, ({ p95Ms }) => ms(p95Ms)),
    ]),
    notes: [
      "The last columns: at the ends of the range. Replace a value with --assume, as in --assume edge-time=1.5.",
      ...open.map(({ name, about, source }) => `${name}: ${about} (${source}).`),
    ],
  });
}

function movesCell({ moves }: PlannedAssumption, write: (move: PlannedAssumption["moves"][number]) => string): string {
  return moves.length === 0 ? "" : moves.map(write).join(" … ");
}

function measured(value: number, unit: string): string {
  return unit === "" ? figure(value) : `${figure(value)} ${unit}`;
}

function figure(value: number): string {
  return value >= 1000 ? count(value) : String(Number(value.toPrecision(3)));
}

/** The advice, and what it hangs on. */
export function sentencesOf(plan: Plan): string[] {
  const { advice, options } = plan;
  const of = (id: string) => options.find((option) => option.id === id);
  const [spillway, cheapest, fastest] = [of("spillway-100"), of(advice.cheapestLambda), of(advice.fastestLambda)];
  if (spillway === undefined || cheapest === undefined || fastest === undefined) return [];
  const bill = `${usd(spillway.billUsd.value)} a month against ${usd(cheapest.billUsd.value)} (${cheapest.name})`;
  const p95 = `P95 ${ms(spillway.p95Ms.value)} against ${ms(fastest.p95Ms.value)} (${fastest.name})`;
  return [`${ADVICE[advice.verdict]} Spillway at 100 %: ${bill}; ${p95}.`, turnSentence(plan)];
}

const ADVICE: Record<Verdict, string> = {
  move: "Move: cheaper and faster than every form of Lambda.",
  faster: "Faster than every form of Lambda, but not cheaper than the cheapest.",
  cheaper: "Cheaper than every form of Lambda, but not faster than the fastest.",
  stay: "Stay on Lambda: Spillway would be neither cheaper nor faster.",
};

function turnSentence({ advice: { turn, verdict }, assumptions }: Plan): string {
  if (turn === null) return `No assumption turns this advice within its range. Confirm it with a share of 10 %.`;
  const assumption = assumptions.find(({ name }) => name === turn.name);
  if (assumption === undefined) return "";
  const { about, value, unit, low, high } = assumption;
  const range = `here ${measured(value, unit)}, range ${figure(low)} to ${figure(high)}`;
  const becomes = turn.verdict === verdict ? "" : `: then it is “${turn.verdict}”`;
  const what = turn.compared === "billUsd" ? "the bill" : "P95";
  return `The first assumption that turns it, by ${what}: ${about} at ${measured(turn.value, unit)} (${range})${becomes}.`;
}

/** What was read, and what was not. */
export function factsOf({ inputs, facts, requestsPerMonth, edge, isolates }: Plan): string[] {
  const read = inputs.map(
    ({ path, format, calls, other }) =>
      `${path === "-" ? "standard input" : path} (${format}): ${count(calls)} ${format.startsWith("texts-") ? "texts" : "calls"}${other === 0 ? "" : `, ${count(other)} other records`}`,
  );
  const times = facts.hasTimes ? "" : " Arrivals are assumed: the input has no times.";
  return [
    ...read,
    `${count(requestsPerMonth)} requests a month; at the edge ${edge.model}, up to ${edge.maxTokens} tokens, in ${count(isolates)} isolates.${times}`,
  ];
}

/** What the reader must know before using the figures. */
export function warningsOf({ inputs, facts, edge, assumptions }: Plan): string[] {
  const broken = inputs
    .filter((one) => one.broken > 0)
    .map(({ path, broken, firstBroken }) => {
      const first = firstBroken.map(({ line, why }) => `line ${line}: ${why}`).join("; ");
      return `${path}: ${count(broken)} broken ${broken === 1 ? "record is" : "records are"} left out (${first}).`;
    });
  const inits =
    facts.inits === 0
      ? []
      : [
          `${count(facts.inits)} of ${count(facts.calls)} calls have an INIT. Most INITs are proactive: a call waited for one only where the replay finds no idle instance.`,
        ];
  const failed =
    facts.failed === 0 ? [] : [`${count(facts.failed)} calls ended in an error or a timeout; their time counts.`];
  const rate = assumptions.some(
    ({ name, source }) => name === "requests-per-month" && source.includes("pass --requests"),
  )
    ? ["The number of requests is assumed, and bills follow it: pass --requests-per-month."]
    : [];
  return [...broken, ...rate, ...failed, ...inits, `Times at the edge: ${edge.source}.`];
}

/** Whether the value of an assumption is one, and not known. */
export function isAssumed({ low, high }: Assumption): boolean {
  return low !== high;
}
