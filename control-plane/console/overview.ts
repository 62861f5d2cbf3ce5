/** The first page: the sentence on top, then figures, routes, isolates and cost. Pure. Each part is replaced when its figures change. */
import { html, raw } from "hono/html";
import { timesPicture } from "../report/charts.ts";
import { isEmpty } from "../report/findings.ts";
import { count, counted, days, ms, msInterval, percent, percentInterval, usd, usdColumn } from "../report/numbers.ts";
import type { Report } from "../report/report.ts";
import { tablesOf } from "../report/tables.ts";
import type { TextFigures } from "../report/text-figures.ts";
import { MIN_DAYS_TO_PROJECT } from "../report/thresholds.ts";
import { durationsNeeded } from "../statistics/quantile.ts";
import { type Facts, RANGES } from "./facts.ts";
import { isolateTable } from "./isolates.ts";
import { bars, empty, type Markup, NOTHING, type Parts, section, tableMarkup, unbroken } from "./markup.ts";
import { rolloutSummary } from "./rollout-view.ts";
import { attentionOf, readingsOf, sentencesOf } from "./sentence.ts";

/** Widths of the pictures in pixels: text keeps its size on a phone. */
const NARROW = 320;
const WIDE = 620;

export function overviewParts(facts: Facts): Parts {
  return {
    lead: lead(facts),
    tiles: tiles(facts),
    arms: arms(facts),
    times: times(facts),
    routes: routes(facts),
    refusals: refusals(facts),
    rollout: section({ title: "Rollout", span: 4, height: "low" }, rolloutSummary(facts.rollout)),
    isolates: isolates(facts),
    cost: cost(facts),
    readings: readings(facts),
  };
}

function lead(facts: Facts): Markup {
  const needs = attentionOf(facts).map(
    ({ text, href }) => html`<li>${unbroken(text)}${href === null ? "" : html` <a href="${href}">Show</a>`}</li>`,
  );
  const list = needs.length === 0 ? NOTHING : html`<ul class="needs">${needs}</ul>`;
  return html`<div class="lead"><p class="sentence">${unbroken(sentencesOf(facts).join(" "))}</p>${list}</div>`;
}

/** Links to the other ranges. */
export function rangeLinks({ range }: Pick<Facts, "range">): Markup {
  const links = RANGES.map(
    ({ id, name }) =>
      html`<a href="/?range=${id}"${id === range.id ? html` aria-current="true"` : ""}>${name.replace("last ", "")}</a>`,
  );
  return html`<nav class="ranges" aria-label="Time range">${links}</nav>`;
}

function tiles({ report, month, range, nowMs }: Facts): Markup {
  const { inside, outside } = report.arms;
  const perSecond = report.texts / (range.ms / 1000);
  const today = month.days.find(({ day }) => day === new Date(nowMs).toISOString().slice(0, 10));
  const todayUsd = today === undefined ? 0 : Object.values(today.groupsUsd).reduce((sum, one) => sum + one, 0);
  const bill = month.costUsd.monthlyBill;
  const { compared, disagreementRate, atMost } = report.agreement;
  const all = [
    tile("Texts", count(report.texts), [
      report.texts === 0
        ? "none were counted"
        : `${perSecond < 0.01 ? "under 0.01" : perSecond.toFixed(perSecond < 10 ? 2 : 0)} per second`,
      report.coverage === null ? "" : `coverage ${percent(report.coverage)}`,
    ]),
    tile("P95, inside the share", ms(inside.p95Ms), [
      p95Bounds(inside) || NO_TEXTS,
      outside.p95Ms === null ? `outside ${NO_TEXTS}` : `outside ${ms(outside.p95Ms)}, ${p95Bounds(outside)}`,
    ]),
    tile("Failed, inside the share", percent(inside.failureRate), [
      percentInterval(inside.intervals.failureRate) || NO_TEXTS,
      outside.failureRate === null
        ? `outside ${NO_TEXTS}`
        : `outside ${percent(outside.failureRate)}, ${percentInterval(outside.intervals.failureRate)}`,
    ]),
    tile("Other label", percent(disagreementRate), [
      compared === 0 ? "no shadow texts" : `at most ${percent(atMost)}`,
      compared === 0 ? "" : `of ${counted(compared, "comparison")}`,
    ]),
    tile("Cost today", usd(todayUsd), [
      `this month ${usd(month.costUsd.total)}`,
      bill === null || month.countedDays < MIN_DAYS_TO_PROJECT
        ? "projected after a day"
        : `projected bill ${usd(bill)} a month`,
    ]),
  ];
  return html`<dl class="tiles">${all}</dl>`;
}

const NO_TEXTS = "no texts";

/** The interval of P95, or from how many texts on it has both bounds. Empty without texts. */
function p95Bounds({ p95Ms, intervals }: TextFigures): string {
  if (intervals.p95Ms === null || intervals.p95Ms.high !== null) return msInterval(intervals.p95Ms, p95Ms);
  return `interval from ${counted(durationsNeeded(0.95), "text")} on`;
}

function tile(name: string, figure: string, below: readonly string[]): Markup {
  return html`<div class="card"><dt>${name}</dt><dd class="big">${figure}</dd>${below.map((line) => html`<dd>${line === "" ? "\u00a0" : unbroken(line)}</dd>`)}</div>`;
}

function arms({ report, range }: Facts): Markup {
  const table = tablesOf(report).find(({ id }) => id === "arms");
  const shown =
    table === undefined
      ? empty(
          `No text was counted in the ${range.name}. Isolates send their counts after 5 to 30 s. Send texts:`,
          "npm run traffic",
        )
      : html`${tableMarkup({ ...table, title: "Latency and failures by arm" })}${compared(report)}`;
  return section(
    { title: "Latency and failures by arm", aside: asideOf(report, range.name), span: 6, height: "high" },
    shown,
  );
}

/** The arms as a ratio and a difference, beside what the same comparison shows of two halves that are served alike. */
function compared(report: Report): Markup {
  const table = tablesOf(report).find(({ id }) => id === "comparison");
  return table === undefined ? NOTHING : tableMarkup(table);
}

function times({ report, range }: Facts): Markup {
  const [narrow, wide] = [timesPicture(report.curves, NARROW), timesPicture(report.curves, WIDE)];
  const drawn =
    narrow === null || wide === null
      ? empty("The distribution of times is drawn when texts were answered.")
      : html`<div class="narrow">${raw(narrow)}</div><div class="wide">${raw(wide)}</div>`;
  return section({ title: "Times by arm", aside: asideOf(report, range.name), span: 6, height: "high" }, drawn);
}

function asideOf({ coverage }: Report, name: string): string {
  return coverage === null ? name : `${name}, coverage ${percent(coverage)}`;
}

function routes({ report: { reasons }, range }: Facts): Markup {
  const shown = barsOf(reasons, (because) =>
    because === "within-share" ? "blue" : because === "outside-share" ? "orange" : "grey",
  );
  const nothing = empty("No text was answered. Every answer has one reason of its route, and is counted by it.");
  return section({ title: "Routes by reason", aside: range.name, span: 4, height: "middle" }, shown ?? nothing);
}

function refusals({ report: { refusalsByReason, failuresByReason, requests }, range }: Facts): Markup {
  const shown = barsOf({ ...failuresByReason, ...refusalsByReason }, () => "pink");
  const nothing = empty(requests === 0 ? "No request was counted." : "Every request was answered with 200.");
  return section({ title: "Failures and refusals", aside: range.name, span: 4, height: "middle" }, shown ?? nothing);
}

function barsOf(counts: Readonly<Record<string, number>>, toneOf: (name: string) => string): Markup | null {
  const all = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  if (total === 0) return null;
  return bars(all.map(([name, n]) => ({ name, count: n, part: n / total, tone: toneOf(name) })));
}

function isolates({ isolates: all }: Facts): Markup {
  const shown =
    all.length === 0
      ? empty(
          "No isolate sent counts within the last 10 minutes. An isolate appears some seconds after its first request.",
        )
      : tableMarkup(isolateTable(all), "words stacks isolates");
  return section({ title: "Isolates by location", aside: "last 10 minutes", span: 8, height: "low" }, shown);
}

function cost({ month }: Facts): Markup {
  const { lines, pricesAsOf } = month.cost;
  const shown =
    lines.length === 0
      ? empty("No cost was counted this month.")
      : html`${tableMarkup({ title: "Cost of this month", head: ["", "this month"], rows: groupRows(month) }, "figures sum")}${projection(month)}`;
  return section(
    { title: "Cost", aside: `list prices of ${pricesAsOf}`, span: 4, height: "middle", isTall: true },
    shown,
  );
}

const GROUP_NAMES = [
  ["origin", "Lambda"],
  ["edgeCpu", "CPU of texts at the edge"],
  ["loads", "CPU of model loads"],
  ["shadow", "shadow texts"],
  ["gateway", "Workers"],
  ["storage", "KV and R2"],
  ["ledger", "ledger"],
] as const;

function groupRows({ costUsd }: Report): string[][] {
  const groups = GROUP_NAMES.filter(([group]) => costUsd[group] > 0);
  const texts = usdColumn([...groups.map(([group]) => costUsd[group]), costUsd.total]);
  return [...groups.map(([, name]) => name), "total at list prices"].map((name, row) => [name, texts[row] ?? ""]);
}

function projection({ countedDays, costUsd: { perMonth, monthlyBill } }: Report): Markup {
  // As in the tile: minutes would be multiplied by thousands.
  if (perMonth === null || monthlyBill === null || countedDays < MIN_DAYS_TO_PROJECT) return NOTHING;
  const [list = "", bill = ""] = usdColumn([perMonth, monthlyBill]);
  const rows = [
    ["at list prices", list],
    ["bill, with plan and allotments", bill],
  ];
  return tableMarkup(
    { title: "Projected cost", head: [`projected from ${days(countedDays)}`, "a month"], rows },
    "figures sum",
  );
}

function readings(facts: Facts): Markup {
  const all = isEmpty(facts.report) ? [] : readingsOf(facts);
  const shown =
    all.length === 0
      ? empty("With texts in both arms, this card states in words what they show.")
      : html`<ul class="readings">${all.map(({ level, text }) => html`<li class="${level === "missing" ? "more" : level}">${unbroken(text)}</li>`)}</ul>`;
  return section({ title: "In words", aside: "intervals at 95 % confidence", span: 8, height: "middle" }, shown);
}
