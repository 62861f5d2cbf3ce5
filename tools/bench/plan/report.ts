/** The result of the bench `plan`: what was predicted beside what was measured, where the cost differs, and the text of its page. Pure. */
import { z } from "zod";
import type { Month, MonthLine } from "../../../control-plane/report/cost.ts";
import { markdownTable, wrapped } from "../../docs/markdown.ts";
import type { Bill } from "../../spillway/plan/bill.ts";
import type { ComparedRow } from "../../spillway/plan/compared.ts";
import { hundredths, tenths } from "../../statistics.ts";
import type { Table } from "../../table.ts";

/** US dollars per million texts, at list prices. */
export interface CostPart {
  name: string;
  predicted: number;
  measured: number;
}

const MILLION = 1e6;

/** @param measured the ledger's projection and its dollars per million texts; null of a time that has no days */
export function costPartsOf(
  { lines }: Pick<Bill, "lines">,
  requestsPerMonth: number,
  measured: { month: Month | null; usdPerMillion: number },
): CostPart[] {
  const { month, usdPerMillion } = measured;
  const usdOf = (all: readonly MonthLine[], name: string) =>
    all.reduce((sum, line) => sum + (line.name === name ? line.quantity * line.usdPerUnit : 0), 0);
  const names = new Set([...lines, ...(month?.lines ?? [])].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    predicted: hundredths((usdOf(lines, name) / requestsPerMonth) * MILLION),
    measured: month === null ? 0 : hundredths((usdOf(month.lines, name) / month.listUsd) * usdPerMillion),
  }));
}

export function planTables(rows: readonly ComparedRow[], parts: readonly CostPart[]): Table[] {
  return [
    {
      title: "Predicted and measured",
      header: ["", "predicted", "measured", "difference %", "allowed %"],
      rows: rows.map((row) => [titleOf(row), ...numbersOf(row), row.allowed * 100]),
    },
    {
      title: "Dollars per million texts",
      header: ["part", "predicted", "measured"],
      rows: parts.map(({ name, predicted, measured }) => [name, predicted, measured]),
    },
  ];
}

/** The rows that miss by more than is allowed, in one sentence; null if none does. */
export function problemOf(rows: readonly ComparedRow[]): string | null {
  const missed = rows.filter(({ difference, allowed }) => Math.abs(difference) > allowed);
  if (missed.length === 0) return null;
  const each = missed.map(({ name, difference }) => `${name} ${tenths(difference * 100)} %`);
  return `The prediction misses: ${each.join(", ")}.`;
}

const rowSchema = z.object({
  name: z.enum(["inside", "outside", "ineligible", "cost"]),
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
  costParts: z.array(z.object({ name: z.string(), predicted: z.number(), measured: z.number() })).default([]),
});

/** What the guide shows: each figure, whether it is within what is allowed, and the parts of the cost that differ most. */
export function planBlocks(plan: z.infer<typeof planSchema>): { name: string; text: string }[] {
  const { startedAt, machine, texts, seconds, rows, costParts } = plan;
  const { cpus, cpu, loadAtStart } = machine;
  const size = `${texts.toLocaleString("en-US")} texts in ${tenths(seconds / 60)} minutes`;
  const facts = `\`npm run bench -- plan\` does the same on one machine, with a seeded workload of two weeks in minutes: the first tenth predicts the rest. ${startedAt.slice(0, 10)}, ${size}, ${cpu.trim()}, ${cpus} CPUs, load average ${loadAtStart} at the start:`;
  const table = markdownTable(
    ["", "predicted", "measured", "difference", "allowed", "within"],
    rows.map((row) => {
      const [predicted, measured, percent] = numbersOf(row);
      const isWithin = Math.abs(row.difference) <= row.allowed;
      const signed = `${(percent ?? 0) > 0 ? "+" : ""}${percent} %`;
      return [titleOf(row), `${predicted}`, `${measured}`, signed, `${row.allowed * 100} %`, isWithin ? "yes" : "NO"];
    }),
  );
  return [{ name: "plan", text: [wrapped(facts), table, ...partsText(costParts)].join("\n\n") }];
}

/** A smaller difference is none on a page. */
const MIN_SHOWN_USD = 0.02;

function partsText(parts: readonly CostPart[]): string[] {
  const differences = parts
    .filter(({ predicted, measured }) => Math.abs(predicted - measured) >= MIN_SHOWN_USD)
    .toSorted((a, b) => Math.abs(b.predicted - b.measured) - Math.abs(a.predicted - a.measured));
  if (differences.length === 0) return [];
  const each = differences.map(({ name, predicted, measured }) => `${name} $${predicted} instead of $${measured}`);
  return [wrapped(`Of the cost per million texts, the prediction differs in ${each.join(", ")}.`)];
}

function titleOf({ name }: Pick<ComparedRow, "name">): string {
  return name === "cost" ? "$ per million texts" : `P95 ${name}, ms`;
}

function numbersOf({ predicted, measured, difference }: ComparedRow): number[] {
  return [hundredths(predicted), hundredths(measured), tenths(difference * 100)];
}
