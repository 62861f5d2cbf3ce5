/** Reasons, refusals, sides, loads, waits and countries as tables. Pure. */
import { count, ms, percent, quantity, usd } from "./numbers.ts";
import type { Report } from "./report.ts";
import { type Table, tableOf } from "./table.ts";

const MAX_COUNTRIES = 12;

export function countTable(id: string, title: string, counts: Readonly<Record<string, number>>): Table {
  const all = Object.entries(counts);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  const rows = all.map(([key, n]) => [key, count(n), percent(n / total)]);
  return tableOf({ id, title, head: ["reason", "number", "part"], rows, bars: all.map(([, n]) => n / total) });
}

export function sideTable({ sides }: Report): Table {
  return tableOf({
    id: "sides",
    title: "Answered texts by side",
    head: ["side", "texts", "P50", "P95", "P99"],
    rows: sides.map(({ name, figures: { texts, p50Ms, p95Ms, p99Ms } }) => [
      name,
      count(texts),
      ms(p50Ms),
      ms(p95Ms),
      ms(p99Ms),
    ]),
    notes: ["Not a comparison: origins get the long texts, and those of cold and busy isolates."],
  });
}

export function edgeTable({ loads, waits }: Report): Table {
  const { byOutcome, cpuMs, costUsd } = loads;
  const outcomes = Object.entries(byOutcome).map(([outcome, n]) => `${count(n)} ${outcome}`);
  const cpu = loads.count === 0 ? "" : `, ${quantity(cpuMs / loads.count)} CPU-ms each, ${usd(costUsd)}`;
  const rows = [
    { name: "loads of the model", ...loads },
    { name: "waits for the model", ...waits },
  ].filter(({ count: n }) => n > 0);
  return tableOf({
    id: "edge",
    title: "At the edge",
    head: ["", "number", "P50", "P95"],
    rows: rows.map(({ name, count: n, p50Ms, p95Ms }) => [name, count(n), ms(p50Ms), ms(p95Ms)]),
    notes: loads.count === 0 ? [] : [`Loads: ${outcomes.join(", ")}${cpu} at list prices.`],
  });
}

export function countryTable({ countries }: Report): Table {
  const more = countries.length - MAX_COUNTRIES;
  return tableOf({
    id: "countries",
    title: "By country",
    head: ["country", "texts", "P95 inside", "P95 outside"],
    rows: countries
      .slice(0, MAX_COUNTRIES)
      .map(({ country, texts, insideP95Ms, outsideP95Ms }) => [
        country,
        count(texts),
        ms(insideP95Ms),
        ms(outsideP95Ms),
      ]),
    notes: more > 0 ? [`${count(more)} more countries are in the JSON.`] : [],
  });
}
