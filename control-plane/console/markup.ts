/** Pieces of pages. Every text is escaped by hono's `html`. Pure. */
import { html } from "hono/html";
import { count } from "../report/numbers.ts";
import type { Cell, Table } from "../report/table.ts";

export type Markup = ReturnType<typeof html>;

export const NOTHING = html``;

/** Of a page that changes: by their ids, in their order. */
export type Parts = Readonly<Record<string, Markup>>;

export interface Section {
  title: string;
  /** Beside the title: what the figures are of. */
  aside?: string | Markup;
  /** Columns of the grid of twelve that it has on a wide screen. */
  span: 4 | 6 | 8 | 12;
  /** Two rows of the grid. */
  isTall?: boolean;
  /** Reserves this much height, so that nothing moves when figures arrive. */
  height?: "low" | "middle" | "high";
}

/** A part of a page with a title. */
export function section(
  { title, aside = "", span, height, isTall = false }: Section,
  ...content: readonly (Markup | string)[]
): Markup {
  return html`<section class="card span-${span} ${height ?? ""}${isTall ? " tall" : ""}">
<header><h2>${title}</h2><span>${aside}</span></header>${content}</section>`;
}

/**
 * A table of the report. A wide one scrolls, also by keyboard.
 * @param columns figures are aligned to the right; the last row of a sum is its total; isolates are one below another on a phone
 */
export function tableMarkup(
  { title, head, rows }: Pick<Table, "title" | "head" | "rows">,
  columns: "figures" | "figures sum" | "words stacks isolates" = "figures",
): Markup {
  const [first, ...others] = head;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="${columns}">
<thead><tr>${first === "" ? html`<td></td>` : html`<th scope="col">${first}</th>`}${others.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

function cell(value: Cell, column: number): Markup {
  const { text, range } = typeof value === "string" ? { text: value, range: "" } : value;
  const small = range === "" ? "" : html`<small>${range}</small>`;
  if (column === 0) return html`<th scope="row">${text}${small}</th>`;
  return html`<td${/\d|–/.test(text) ? html` class="figure"` : ""}>${text}${small}</td>`;
}

export interface Bar {
  name: string;
  count: number;
  /** 0 to 1. */
  part: number;
  tone: string;
}

/** Names, counts and parts with a bar under each. */
export function bars(all: readonly Bar[]): Markup {
  return html`<ul class="bars">${all.map(
    ({
      name,
      count: n,
      part,
      tone,
    }) => html`<li><span>${name}</span><span class="figure">${count(n)}</span><span class="figure">${tenthPercent(part)}</span>
<svg class="${tone}" aria-hidden="true"><rect class="track" width="100%" height="100%"></rect><rect class="fill" width="${(100 * part).toFixed(1)}%" height="100%"></rect></svg></li>`,
  )}</ul>`;
}

/** With one decimal always: the numbers of a column can be compared. */
function tenthPercent(part: number): string {
  return part > 0 && part < 0.0005 ? "< 0.1 %" : `${(100 * part).toFixed(1)} %`;
}

/** Where nothing is to be shown: why, and what to do. */
export function empty(sentence: string, command: string | null = null): Markup {
  return html`<p class="empty">${sentence}${command === null ? "" : html` <code>${wordsOf(command)}</code>`}</p>`;
}

/** A line may end after a hyphen: `--to` stays whole. */
function wordsOf(command: string): (Markup | string)[] {
  return command.split(/(?<= )|(?= )/).map((word) => (word.includes("-") ? html`<span>${word}</span>` : word));
}

/** The same text, in which no line ends between a number and its unit, or inside an interval. */
export function unbroken(text: string): string {
  return text
    .replaceAll(/(\d) (?=(?:%|ms|s)(?![a-z]))/g, "$1\u00a0")
    .replaceAll(/\[[^\]]*\]/g, (interval) => interval.replaceAll(" ", "\u00a0"));
}

/** A word in a coloured frame. */
export function badge(word: string, tone: "good" | "warn" | "bad" | "calm" = "calm"): Markup {
  return html`<span class="badge ${tone}">${word}</span>`;
}

/** 2026-11-26 06:50, UTC. */
export function time(ms: number): Markup {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}</time>`;
}

export interface Button {
  label: string;
  /** The address of the form's POST. */
  action: string;
  fields?: Readonly<Record<string, string>>;
  /** Why it cannot be pressed; null if it can. */
  refused: string | null;
  tone?: "main" | "danger";
}

/** A form of one button. A disabled button states its reason. */
export function button({ label, action, fields = {}, refused, tone }: Button): Markup {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  if (refused === null) {
    return html`<form method="post" action="${action}">${hidden}<button class="${tone ?? ""}">${label}</button></form>`;
  }
  return html`<span class="refused"><button disabled>${label}</button> <small>${refused}</small></span>`;
}
