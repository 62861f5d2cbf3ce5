/** Pure. A plan as one HTML file that needs nothing else, in the report's style. */
import { html, raw } from "hono/html";
import { columnChart } from "../../../control-plane/drawing/column-chart.ts";
import { legend } from "../../../control-plane/drawing/legend.ts";
import type { Tone } from "../../../control-plane/drawing/style.ts";
import { picture } from "../../../control-plane/drawing/svg.ts";
import { timesPicture } from "../../../control-plane/report/charts.ts";
import { curveOf } from "../../../control-plane/report/curve.ts";
import { ms, percent, usd } from "../../../control-plane/report/numbers.ts";
import type { Table } from "../../../control-plane/report/table.ts";
import { tableMarkup } from "../report/page.ts";
import { PAGE_STYLE } from "../report/page-style.ts";
import { glued } from "../report/wrapped.ts";
import type { Option } from "./evaluate.ts";
import type { Plan, PlannedOption } from "./plan.ts";
import { factsOf, sentencesOf, tablesOf, warningsOf } from "./tables.ts";

const WIDE = 820;
const NARROW = 340;
/** Columns of the bill, from the bottom. */
const PARTS: readonly { key: string; name: string; tone: Tone }[] = [
  { key: "lambda", name: "Lambda", tone: "orange" },
  { key: "plan", name: "Workers plan", tone: "grey" },
  { key: "cpu", name: "Workers CPU", tone: "blue" },
  { key: "other", name: "KV, R2, ledger, requests", tone: "green" },
];
const CURVES: Readonly<Record<string, { name: string; tone: Tone }>> = {
  "lambda-x86": { name: "Lambda as it is", tone: "orange" },
  "spillway-10": { name: "Spillway at 10 %", tone: "grey" },
  "spillway-100": { name: "Spillway at 100 %", tone: "blue" },
};

/** @returns the file's text */
export async function planPage(plan: Plan, options: readonly Option[]): Promise<string> {
  const [first = "", ...facts] = factsOf(plan).toReversed();
  const tables = tablesOf(plan);
  const isWide = ({ id }: Table) => id === "options" || id === "assumptions" || id === "shares";
  const section = (table: Table) => html`
<section><header><h2>${table.title}</h2></header>
${tableMarkup(table)}
${table.notes.map((note) => html`<p class="note">${glued(note)}</p>`)}</section>`;
  const drawn = (title: string, draw: (width: number) => string | null, note: string) => html`
<section><header><h2>${title}</h2></header>
<div class="narrow">${raw(draw(NARROW) ?? "")}</div><div class="wide">${raw(draw(WIDE) ?? "")}</div>
<p class="note">${note}</p></section>`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spillway plan</title>
<style>${raw(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>Spillway plan</h1>
<p class="facts">${glued(first)}</p>
${facts.map((fact) => html`<p class="facts">${fact}</p>`)}
${cardsOf(plan)}
<ul class="words">${sentencesOf(plan).map((sentence) => html`<li>${glued(sentence)}</li>`)}</ul>
<ul class="findings">${warningsOf(plan).map((text) => html`<li class="note">${glued(text)}</li>`)}</ul>
<div class="full">${tables.filter(({ id }) => id === "options").map(section)}</div>
<div class="full">${drawn("Times", (width) => timesOf(options, width), "The part of texts that are answered within a time.")}</div>
<div class="full">${drawn("Bills", (width) => billsOf(plan, width), "A month, with plan and free tier.")}</div>
${tables.filter((table) => isWide(table) && table.id !== "options").map((table) => html`<div class="full">${section(table)}</div>`)}
<div class="half">${tables.filter((table) => !isWide(table)).map(section)}</div>
<footer>Made by <code>spillway plan</code>. Predicted by a simulation with the gateway's own decisions, queue and estimates. Intervals: the sample
at 95 % confidence, widened by the range of each assumption. Confirm a plan with a share of 10 % and <code>spillway report</code>.</footer>
</main>
</body>
</html>
`;
  return String(await page);
}

function cardsOf({ options }: Plan) {
  const of = (id: string) => options.find((option) => option.id === id);
  const [lambda, spillway] = [of("lambda-x86"), of("spillway-100")];
  if (lambda === undefined || spillway === undefined) return "";
  const card = (title: string, show: (option: PlannedOption) => string) => html`<div class="card"><h2>${title}</h2>
<div class="big">${show(spillway)}</div><p><b>${show(lambda)}</b> on Lambda as it is</p></div>`;
  return html`<div class="cards">
${card("P95 at 100 %", ({ p95Ms }) => ms(p95Ms.value))}
${card("P99 at 100 %", ({ p99Ms }) => ms(p99Ms.value))}
${card("Bill a month", ({ billUsd }) => usd(billUsd.value))}
${card("Wait for a cold start", ({ waitedPart }) => percent(waitedPart.value))}
</div>`;
}

function timesOf(options: readonly Option[], width: number): string | null {
  const curves = options.flatMap(({ id, times }) => {
    const shown = CURVES[id];
    return shown === undefined ? [] : (curveOf(shown.name, times) ?? []);
  });
  const tones = Object.fromEntries(Object.values(CURVES).map(({ name, tone }) => [name, tone]));
  return timesPicture(curves, width, tones);
}

function billsOf({ options }: Plan, width: number): string {
  const head = legend(PARTS, 0, 0, width);
  const columns = options.map((option) => ({ name: shortName(option, width), values: partsOf(option) }));
  const plot = { x: 60, y: head.height + 14, width: width - 64, height: 200 };
  const chart = columnChart({ plot, keys: PARTS, columns, write: usd });
  return picture({ width, height: plot.y + plot.height + 26, title: "The bill of a month" }, head.markup, chart);
}

/** Six names have to fit side by side. */
function shortName({ id, sharePercent, name }: PlannedOption, width: number): string {
  if (sharePercent !== null) return width === WIDE ? name : `${sharePercent} %`;
  const form = id.replace("lambda-", "");
  return width === WIDE ? `Lambda ${form === "provisioned" ? "kept" : form}` : form.slice(0, 6);
}

function partsOf({ sums, planUsd }: PlannedOption): Record<string, number> {
  const parts = { lambda: 0, plan: planUsd, cpu: 0, other: 0 };
  for (const { name, usd: cost } of sums) {
    if (name.startsWith("Lambda")) parts.lambda += cost;
    else if (name === "Workers CPU") parts.cpu += cost;
    else parts.other += cost;
  }
  return parts;
}
