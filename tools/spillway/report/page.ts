/** Pure. A report as one HTML file that needs nothing else: no script, no font, no request. */
import { html, raw } from "hono/html";
import {
  costPicture,
  failuresPicture,
  ratiosPicture,
  reasonsPicture,
  refusalsPicture,
  timesPicture,
} from "../../../control-plane/report/charts.ts";
import type { Finding } from "../../../control-plane/report/findings.ts";
import { counted, days, minute, percent } from "../../../control-plane/report/numbers.ts";
import type { Report } from "../../../control-plane/report/report.ts";
import { summaryOf } from "../../../control-plane/report/summary.ts";
import type { Cell, Table } from "../../../control-plane/report/table.ts";
import { tablesOf } from "../../../control-plane/report/tables.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import { cardsOf } from "./cards.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { glued } from "./wrapped.ts";

type Markup = ReturnType<typeof html>;

/** Of half and of the whole page, in pixels: text keeps its size on a phone. */
const NARROW = 340;
const HALF = 480;
const WIDE = 820;

/** @returns the file's text */
export async function reportPage(report: Report, findings: readonly Finding[]): Promise<string> {
  const { from, to, countedDays, texts, requests, policies, models, coverage } = report;
  const range = `${minute(from)} to ${minute(to)} UTC`;
  const facts = [
    countedDays === 0 ? "" : `${days(countedDays)} counted`,
    `${counted(texts, "text")} in ${counted(requests, "request")}`,
    policies.length === 0 ? "" : `policy ${policies.map(({ name }) => name).join(", ")}`,
    ...models.map(({ name }) => shortModelId(name)),
    `coverage ${percent(coverage)}`,
  ].filter((fact) => fact !== "");
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spillway report, ${range}</title>
<style>${raw(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>Spillway report</h1>
<p class="facts">${range}</p>
<p class="facts">${facts.join(" · ")}</p>
${cardsOf(report)}
${list(summaryOf(report))}
${findingList(findings)}
${groupsOf(sectionsOf(report))}
<footer>Made by <code>spillway report</code>. Arms are compared, not sides: a text of the inside arm that spills to the origin counts for the inside
arm. Intervals are at 95 % confidence: order statistics for times, Wilson and Newcombe for failures, Clopper and Pearson for labels. They are
for one look; many looks find differences by chance.</footer>
</main>
</body>
</html>
`;
  return String(await page);
}

function list(sentences: readonly string[]): Markup | string {
  return sentences.length === 0
    ? ""
    : html`<ul class="words">${sentences.map((sentence) => html`<li>${glued(sentence)}</li>`)}</ul>`;
}

const LEVELS = { warning: "Warning", missing: "Missing", note: "Note" } as const;

function findingList(findings: readonly Finding[]): Markup | string {
  if (findings.length === 0) return "";
  const items = findings.map(
    ({ level, text }) => html`<li class="${level}"><b>${LEVELS[level]}:</b> ${glued(text)}</li>`,
  );
  return html`<ul class="findings">${items}</ul>`;
}

interface Section {
  isFull: boolean;
  markup: Markup;
}

/** Sections of half a page are set in two columns until the next one of a whole page. */
function groupsOf(sections: readonly Section[]): Markup[] {
  const groups: Section[][] = [];
  for (const one of sections) {
    const group = groups.at(-1);
    if (group === undefined || one.isFull || group[0]?.isFull === true) groups.push([one]);
    else group.push(one);
  }
  return groups.map(
    (group) =>
      html`<div class="${group[0]?.isFull === true ? "full" : "half"}">${group.map(({ markup }) => markup)}</div>`,
  );
}

/** Pictures replace the tables that show the same. */
function sectionsOf(report: Report): Section[] {
  const coverage = `coverage ${percent(report.coverage)}`;
  const tables = new Map(tablesOf(report).map((table) => [table.id, table]));
  const withTable = (id: string, isFull = false) => {
    const table = tables.get(id);
    return table === undefined
      ? []
      : [section({ title: table.title, isFull, coverage }, [tableMarkup(table)], table.notes)];
  };
  const withPicture = (title: string, draw: (width: number) => string | null, isFull = false, notes: string[] = []) => {
    const narrow = draw(NARROW);
    const wide = draw(isFull ? WIDE : HALF);
    if (narrow === null || wide === null) return [];
    const drawn = [html`<div class="narrow">${raw(narrow)}</div>`, html`<div class="wide">${raw(wide)}</div>`];
    return [section({ title, isFull, coverage }, drawn, notes)];
  };
  return [
    ...withTable("arms", true),
    ...withPicture("Times by arm", (width) => timesPicture(report.curves, width), true, [
      "The part of texts that were answered within a time. Bands: 95 % confidence for the whole curve.",
    ]),
    ...withPicture("P95, as ratios", (width) => ratiosPicture(report, width)),
    ...withTable("comparison"),
    ...withTable("versions"),
    ...withTable("split"),
    ...withTable("agreement"),
    ...withPicture("Answered texts by reason", (width) => reasonsPicture(report, width)),
    ...withPicture("Failed texts by reason", (width) => failuresPicture(report, width)),
    ...withPicture("Requests with an answer other than 200", (width) => refusalsPicture(report, width)),
    ...withTable("sides"),
    ...withTable("edge"),
    ...withPicture("Cost per day at list prices", (width) => costPicture(report, width), true),
    ...withTable("cost"),
    ...withTable("month"),
    ...withTable("countries"),
  ];
}

interface Head {
  title: string;
  isFull: boolean;
  coverage: string;
}

function section({ title, isFull, coverage }: Head, content: readonly Markup[], notes: readonly string[]): Section {
  const markup = html`
<section><header><h2>${title}</h2><span>${coverage}</span></header>
${content}
${notes.map((note) => html`<p class="note">${glued(note)}</p>`)}</section>`;
  return { isFull, markup };
}

/** A table of figures, with intervals under them. */
export function tableMarkup({ head, rows }: Table): Markup {
  const cells = (row: readonly Cell[]) =>
    row.map((cell) => {
      const text = typeof cell === "string" ? cell : cell.text;
      const range = typeof cell === "string" || cell.range === "" ? "" : html`<small>${cell.range}</small>`;
      // A figure stays on one line; words may break.
      const as = text.startsWith(" ") ? "indented" : /\d/.test(text) ? "figure" : "words";
      return html`<td class="${as}">${text.trim()}${range}</td>`;
    });
  return html`<div class="scroll"><table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table></div>`;
}
