/** Pure. A plan as lines for a terminal of 60 to 100 columns. */

import { headline, sentenceLines, tableLines } from "../report/terminal.ts";
import { stripLines } from "../report/time-strips.ts";
import { wrapped } from "../report/wrapped.ts";
import type { Paint } from "../terminal/colors.ts";
import type { Plan } from "./plan.ts";
import { factsOf, sentencesOf, tablesOf, warningsOf } from "./tables.ts";

const MIN_COLUMNS = 40;
const MAX_COLUMNS = 110;
const INDENT = "  ";

/** @param columns of the terminal; at most 110 are used */
export function planLines(plan: Plan, columns: number, paint: Paint): string[] {
  const width = Math.max(MIN_COLUMNS, Math.min(MAX_COLUMNS, columns));
  const prices = `prices of ${plan.pricesAsOf}`;
  return [
    headline("Spillway plan", prices, width, paint),
    ...factsOf(plan).flatMap((fact) => wrapped(fact, width)),
    "",
    ...sentenceLines(sentencesOf(plan), "", width, (line) => paint("bold", line)),
    ...sentenceLines(warningsOf(plan), "· ", width, (line) => paint("dim", line)),
    ...tablesOf(plan).flatMap((table) => [
      "",
      headline(table.title, "", width, paint),
      ...tableLines(table, width, paint),
      ...(table.id === "options" ? ["", ...stripLines(stripsOf(plan), width, paint)] : []),
      ...table.notes.flatMap((note) => wrapped(note, width - INDENT.length)).map((line) => paint("dim", INDENT + line)),
    ]),
  ];
}

function stripsOf({ options }: Plan) {
  return options.map(({ name, sharePercent, p50Ms, p95Ms, p99Ms }) => ({
    name,
    colour: sharePercent === null ? ("yellow" as const) : ("blue" as const),
    p50Ms: p50Ms.value,
    p95Ms: p95Ms.value,
    p99Ms: p99Ms.value,
  }));
}
