/** The tables of cost: every sum, a month of it, and each day. Pure. */

import type { Month } from "./cost.ts";
import { count, days, quantity, usd } from "./numbers.ts";
import type { Report } from "./report.ts";
import { type Table, tableOf } from "./table.ts";

const MILLION = 1e6;

/** None without cost. */
export function costTables(report: Report): Table[] {
  const { lines, month } = report.cost;
  if (lines.length === 0) return [];
  return [sumTable(report), ...(month === null ? [] : [monthTable(report, month)]), dayTable(report)];
}

function sumTable({ cost: { lines, totalUsd, perDayUsd, pricesAsOf } }: Report): Table {
  const sums = lines.map((line) => [
    line.label,
    { text: `${quantity(line.quantity)} ${line.unit}`, range: `× ${usd(line.usdPerUnit * MILLION)}/M` },
    `= ${usd(line.usd)}`,
  ]);
  const perDay = perDayUsd === null ? "" : ` That is ${usd(perDayUsd)} per day.`;
  return tableOf({
    id: "cost",
    title: "Cost at list prices",
    head: ["", "quantity × price", "sum"],
    rows: [...sums, ["total", "", `= ${usd(totalUsd)}`]],
    notes: [`Prices of ${pricesAsOf}, before a plan's allotments.${perDay}`],
  });
}

function monthTable({ countedDays, coverage }: Report, { lines, planUsd, listUsd, billUsd }: Month): Table {
  const rows = lines.map(({ name, unit, quantity: used, included, usdPerUnit, usd: cost }) => [
    name,
    { text: `${quantity(used)} ${unit}`, range: `of ${quantity(included)}` },
    {
      text: usd(cost),
      range: cost === 0 ? "" : `${quantity(used - included)} × ${usd(usdPerUnit * MILLION)}/M`,
    },
  ]);
  const missing = coverage === null || coverage === 1 ? "" : ", with what is missing added in proportion";
  return tableOf({
    id: "month",
    title: "A month of this traffic",
    head: ["", "quantity", "cost"],
    rows: [...rows, ["Workers paid plan", "", usd(planUsd)], ["bill", "", usd(billUsd)]],
    notes: [
      `Projected from ${days(countedDays)}${missing}. Cost: of what is beyond the included quantity. Without plan and allotments: ${usd(listUsd)}. All Workers and functions of the account use the same allotments.`,
    ],
  });
}

function dayTable({ days: all }: Report): Table {
  const totals = all.map(({ groupsUsd }) => Object.values(groupsUsd).reduce((sum, one) => sum + one, 0));
  const most = Math.max(...totals, Number.MIN_VALUE);
  return tableOf({
    id: "days",
    title: "Cost per day",
    head: ["day, UTC", "texts", "cost"],
    rows: all.map(({ day, texts }, index) => [day, count(texts), usd(totals[index] ?? 0)]),
    bars: totals.map((total) => total / most),
  });
}
