/** The result of the bench `plan`: what was predicted beside what was measured, where the cost differs, and the text of its page. Pure. */
import { z } from "zod";
import type { Month, MonthLine } from "../../../control-plane/report/cost.ts";
import type { Interval } from "../../../control-plane/statistics/interval.ts";
import type { Arm } from "../../../formats/ledger/series.ts";
import { markdownTable, wrapped } from "../../docs/markdown.ts";
import type { Bill } from "../../spillway/plan/bill.ts";
import type { ComparedRow } from "../../spillway/plan/compared.ts";
import { hundredths, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";

/** A prediction beside both measurements: of the first tenth, which it was made from, and of the rest. */
export interface PlanRow extends ComparedRow {
  /** Null where the first tenth had none. */
  first: number | null;
  /** At 95 % confidence; null for the cost. */
  firstInterval: Interval | null;
  /** Of the arm, from the first tenth to the rest: its P50 over the first's, less 1. A machine that got slower. Null for the cost. */
  p50Change: number | null;
}

/** What a row needs to know of an arm. */
export interface ArmChange {
  firstInterval: Interval | null;
  p50Change: number | null;
}

/** @param ofFirst the same prediction beside the first tenth */
export function planRows(
  ofRest: readonly ComparedRow[],
  ofFirst: readonly ComparedRow[],
  changes: Readonly<Record<Arm, ArmChange>>,
): PlanRow[] {
  return ofRest.map((row) => ({
    ...row,
    first: ofFirst.find(({ name }) => name === row.name)?.measured ?? null,
    ...(row.name === "cost" ? { firstInterval: null, p50Change: null } : changes[row.name]),
  }));
}

/** US dollars per million texts, at list prices. */
export interface CostPart {
  name: string;
  predicted: number;
  measured: number;
  /** Of the first tenth. */
  first: number;
}

const MILLION = 1e6;

/** The ledger's projection and its dollars per million texts; null of a time that has no days. */
export interface MeasuredCost {
  month: Month | null;
  usdPerMillion: number;
}

export function costPartsOf(
  { lines }: Pick<Bill, "lines">,
  requestsPerMonth: number,
  { first, rest }: { first: MeasuredCost; rest: MeasuredCost },
): CostPart[] {
  const usdOf = (all: readonly MonthLine[], name: string) =>
    all.reduce((sum, line) => sum + (line.name === name ? line.quantity * line.usdPerUnit : 0), 0);
  const measured = ({ month, usdPerMillion }: MeasuredCost, name: string) =>
    month === null ? 0 : hundredths((usdOf(month.lines, name) / month.listUsd) * usdPerMillion);
  const names = new Set([...lines, ...(rest.month?.lines ?? [])].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    predicted: hundredths((usdOf(lines, name) / requestsPerMonth) * MILLION),
    measured: measured(rest, name),
    first: measured(first, name),
  }));
}

export function planTables(rows: readonly PlanRow[], parts: readonly CostPart[]): Table[] {
  return [
    {
      title: "Predicted and measured",
      header: ["", "first tenth", "predicted", "measured", "difference %", "allowed %"],
      rows: rows.map((row) => [titleOf(row), shownFirst(row), ...numbersOf(row), row.allowed * 100]),
    },
    {
      title: "Dollars per million texts",
      header: ["part", "first tenth", "predicted", "measured"],
      rows: parts.map(({ name, first, predicted, measured }) => [name, first, predicted, measured]),
    },
  ];
}

/** The rows that miss by more than is allowed, in one sentence; null if none does. */
export function problemOf(rows: readonly PlanRow[]): string | null {
  const missed = rows.filter(isMissed);
  if (missed.length === 0) return null;
  const each = missed.map(({ name, difference }) => `${name} ${tenths(difference * 100)} %`);
  return `The prediction misses: ${each.join(", ")}.`;
}

function isMissed({ difference, allowed }: PlanRow): boolean {
  return Math.abs(difference) > allowed;
}

/** Less is noise. */
const MIN_SHOWN_PERCENT = 3;

/** Why a P95 misses: the first tenth had another one, as a sample may, or the plan turned it into another. */
function reasonOf(row: PlanRow): string {
  const { first, firstInterval, measured } = row;
  if (first === null) return "the first tenth had none";
  const [low, high] = [firstInterval?.low ?? 0, firstInterval?.high ?? Number.POSITIVE_INFINITY];
  const its = firstInterval === null ? `${hundredths(first)}` : shownFirst(row);
  const isSample = firstInterval !== null && low <= measured && measured <= high;
  const sample = isSample ? ", at 95 % confidence, so what was measured is within what its sample knew" : "";
  const percent = tenths((row.p50Change ?? 0) * 100);
  const change =
    Math.abs(percent) >= MIN_SHOWN_PERCENT ? `; its P50 then changed by ${percent} %, on the same work` : "";
  return `the first tenth had ${its}${sample}${change}`;
}

const intervalSchema = z.object({ low: z.number(), high: z.number().nullable() });
const rowSchema = z.object({
  name: z.enum(["inside", "outside", "ineligible", "cost"]),
  first: z.number().nullable(),
  firstInterval: intervalSchema.nullable(),
  p50Change: z.number().nullable(),
  predicted: z.number(),
  measured: z.number(),
  difference: z.number(),
  allowed: z.number(),
});

/** Of `npm run bench -- plan --json`. */
export const planSchema = z.object({
  bench: z.literal("plan"),
  startedAt: z.string(),
  machine: z.object({ cpus: z.number(), cpu: z.string(), loadAtStart: z.number() }),
  texts: z.number(),
  seconds: z.number(),
  rows: z.array(rowSchema),
  costParts: z.array(z.object({ name: z.string(), predicted: z.number(), measured: z.number(), first: z.number() })),
});

/** What the guide shows: each figure, whether it is within what is allowed, and the parts of the cost that differ most. */
export function planBlocks(plan: z.infer<typeof planSchema>): { name: string; text: string }[] {
  const { startedAt, machine, texts, seconds, rows, costParts } = plan;
  const { cpus, cpu, loadAtStart } = machine;
  const size = `${texts.toLocaleString("en-US")} texts in ${tenths(seconds / 60)} minutes`;
  const facts = `\`npm run bench -- plan\` does the same on one machine, with a seeded workload of two weeks in minutes: the first tenth predicts the rest. ${startedAt.slice(0, 10)}, ${size}, ${cpu.trim()}, ${cpus} CPUs, load average ${loadAtStart} at the start:`;
  const table = markdownTable(
    ["", "first tenth", "predicted", "measured", "difference", "allowed", "within"],
    rows.map((row) => {
      const [predicted, measured, percent] = numbersOf(row);
      const signed = `${(percent ?? 0) > 0 ? "+" : ""}${percent} %`;
      const allowed = `${row.allowed * 100} %`;
      return [
        titleOf(row),
        shownFirst(row),
        `${predicted}`,
        `${measured}`,
        signed,
        allowed,
        isMissed(row) ? "NO" : "yes",
      ];
    }),
  );
  return [{ name: "plan", text: [wrapped(facts), table, ...missesText(rows), ...partsText(costParts)].join("\n\n") }];
}

function missesText(rows: readonly PlanRow[]): string[] {
  const reasons = rows.filter(isMissed).map((row) => `${titleOf(row)}: ${reasonOf(row)}.`);
  return reasons.length === 0 ? [] : [wrapped(`Where it misses. ${reasons.join(" ")}`)];
}

/** A smaller difference is none on a page. */
const MIN_SHOWN_USD = 0.02;

function partsText(parts: readonly CostPart[]): string[] {
  const differences = parts
    .filter(({ predicted, measured }) => Math.abs(predicted - measured) >= MIN_SHOWN_USD)
    .toSorted((a, b) => Math.abs(b.predicted - b.measured) - Math.abs(a.predicted - a.measured));
  if (differences.length === 0) return [];
  const each = differences.map(
    ({ name, first, predicted, measured }) => `${name} $${predicted} instead of $${measured} (first tenth $${first})`,
  );
  return [wrapped(`Of the cost per million texts, the prediction differs in ${each.join(", ")}.`)];
}

/** With its interval. */
function shownFirst({ first, firstInterval }: PlanRow): string {
  if (first === null) return "none";
  if (firstInterval === null) return `${hundredths(first)}`;
  const high = firstInterval.high === null ? "more" : `${hundredths(firstInterval.high)}`;
  return `${hundredths(first)} (${hundredths(firstInterval.low)} to ${high})`;
}

function titleOf({ name }: Pick<ComparedRow, "name">): string {
  return name === "cost" ? "$ per million texts" : `P95 ${name}, ms`;
}

function numbersOf({ predicted, measured, difference }: ComparedRow): number[] {
  return [hundredths(predicted), hundredths(measured), tenths(difference * 100)];
}
