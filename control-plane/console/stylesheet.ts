/**
 * The console's stylesheet: light and dark, from 360 px to 1,600 px. Sizes are reserved, so that new figures move nothing. It is in each page:
 * the first paint waits for no second request. The page's policy allows this text by its hash, and no other style.
 */
import { encodeBase64 } from "../../formats/encodings.ts";
import { sha256 } from "../../formats/sha256.ts";
import { PICTURE_STYLE } from "../drawing/style.ts";

const SOURCE = `
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #ffffff; --ink: #171b21; --soft: #56606c; --line: #dde2e8; --accent: #1f5fbf; --accent-ink: #ffffff; --good: #11663a; --good-back: #e2f3e9; --warn: #7d4b00; --warn-back: #fcefd6; --bad: #a92a20; --bad-back: #fce7e5; --mono: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1014; --card: #151a20; --ink: #e5e9ee; --soft: #9aa5b1; --line: #2a313a; --accent: #78aefc; --accent-ink: #0b1a30; --good: #67cf96; --good-back: #12301f; --warn: #e9b561; --warn-back: #33260f; --bad: #ff9d92; --bad-back: #3a1a17; }
}
* { box-sizing: border-box; }
html { scrollbar-gutter: stable; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 14px / 1.5 ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
[hidden] { display: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 8px; z-index: 2; background: var(--card); padding: 4px 10px; }
.top { background: var(--card); border-bottom: 1px solid var(--line); }
.bar, main { max-width: 1560px; margin: 0 auto; padding: 0 20px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; column-gap: 22px; }
.brand { font-weight: 680; font-size: 15px; letter-spacing: -0.01em; color: var(--ink); text-decoration: none; padding: 12px 0; }
.pages { display: flex; gap: 2px; order: 0; }
.pages a { padding: 13px 10px 11px; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; white-space: nowrap; }
.pages a:hover { color: var(--ink); }
.pages a[aria-current] { color: var(--ink); border-color: var(--accent); }
.who { margin-left: auto; display: flex; align-items: center; gap: 10px; color: var(--soft); }
main { padding-top: 18px; padding-bottom: 56px; }
main.plain { max-width: 430px; padding-top: 12vh; }
h1 { font-size: 15px; font-weight: 600; color: var(--soft); margin: 0 0 10px; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: 4px 14px; margin-bottom: 10px; }
.head h1 { margin: 0; }
main.plain h1 { font-size: 22px; color: var(--ink); }
h2 { font-size: 13.5px; font-weight: 640; margin: 0; }
p { margin: 0 0 10px; }
small, .soft { color: var(--soft); }
small { font-size: 12px; }
code, pre, textarea { font-family: var(--mono); font-size: 12.5px; }
pre { margin: 0; line-height: 1.5; }
/* The sentence on top. */
.lead { margin-bottom: 14px; }
.sentence { font-size: 20px; line-height: 1.4; letter-spacing: -0.01em; max-width: 68em; margin: 0 0 8px; text-wrap: pretty; }
.needs { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
.needs li, .notice { border-left: 3px solid var(--warn); background: var(--warn-back); padding: 7px 12px; border-radius: 0 6px 6px 0; margin: 0 0 10px; }
.needs li { margin: 0; }
.notice.bad { border-color: var(--bad); background: var(--bad-back); }
.notice.good { border-color: var(--good); background: var(--good-back); }
.ranges { display: flex; gap: 4px; }
.ranges a { padding: 2px 10px; border: 1px solid var(--line); border-radius: 999px; color: var(--soft); text-decoration: none; font-size: 12.5px; }
.ranges a[aria-current] { background: var(--card); color: var(--ink); border-color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 14px; margin: 0; }
.columns { display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 14px; grid-auto-flow: dense; }
[data-part] { display: contents; }
.columns .lead, .columns .tiles, .columns section { grid-column: 1 / -1; }
.columns .lead { margin-bottom: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 9px; padding: 12px 16px 14px; container-type: inline-size; min-width: 0; }
section > header { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; margin-bottom: 10px; }
section > header span { color: var(--soft); font-size: 12px; text-align: right; }
.low { min-height: 150px; }
.middle { min-height: 262px; }
.high { min-height: 350px; }
.tiles dt { color: var(--soft); font-size: 12.5px; }
.tiles dd { margin: 0; color: var(--soft); font-size: 12px; text-wrap: pretty; }
.tiles dd.big { color: var(--ink); font-size: 25px; line-height: 1.3; font-weight: 620; letter-spacing: -0.02em; white-space: nowrap; }
.scroll { overflow-x: auto; }
.scroll + .scroll, .scroll + p { margin-top: 14px; }
section > :last-child { margin-bottom: 0; }
.columns + p { margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: right; padding: 5px 0 5px 14px; vertical-align: top; font-weight: 400; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: 12px; white-space: nowrap; }
tbody tr > *
{ border-top: 1px solid var(--line); }
td small, th small { display: block; font-size: 11.5px; }
.figure, .figure small { white-space: nowrap; }
table.words th, table.words td { text-align: left; }
/* The columns of the tables of a card are below each other. */
table.figures { table-layout: fixed; }
.figures thead > tr > :first-child { width: 27%; }
.figures thead > tr > :first-child:nth-last-child(3) { width: 40%; }
table.sum { table-layout: auto; }
.sum thead > tr > :first-child { width: auto; }
.sum tbody tr:last-child > * { border-top-color: var(--soft); font-weight: 640; }
.versions td:nth-child(3) { width: 20%; overflow-wrap: anywhere; }
.versions td:last-child { width: 45%; }
time { white-space: nowrap; }
.bars { list-style: none; margin: 0; padding: 0; display: grid; gap: 9px; }
.bars li { display: grid; grid-template-columns: 1fr auto 4.4em; gap: 2px 10px; font-size: 13px; }
.bars .figure { text-align: right; }
.bars .figure:not(.figure + .figure) { color: var(--soft); }
.bars svg { grid-column: 1 / -1; width: 100%; height: 6px; border-radius: 3px; }
.wide, .narrow { max-width: 700px; }
.wide svg, .narrow svg { display: block; width: 100%; height: auto; }
.wide { display: none; }
@container (max-width: 430px) {
  table { font-size: 12px; }
  th, td { padding-left: 8px; }
  td small, th small { font-size: 10.5px; }
  /* A look in two lines: its number, time, step and verdict, then why. */
  .looks thead { display: none; }
  .looks tr { display: block; padding: 6px 0; border-top: 1px solid var(--line); }
  .looks tr > * { display: inline-block; border: 0; padding: 0 8px 3px 0; }
  .looks .why { display: block; }
  thead th { white-space: normal; vertical-align: bottom; }
  .figures thead > tr > :first-child:nth-last-child(4) { width: 24%; }
  /* Names beside values, one below another. */
  .stacks thead { display: none; }
  .stacks tr { display: block; padding: 7px 0; border-top: 1px solid var(--line); }
  .stacks tr > * { display: block; position: relative; border: 0; padding: 1px 0; text-align: left; }
  .stacks th { font-weight: 640; }
  .stacks td { padding-left: 100px; min-height: 20px; }
  .stacks td[colspan] { padding-left: 0; }
  .stacks td::before { content: attr(data-l); position: absolute; left: 0; color: var(--soft); }
  .isolates td:nth-child(2)::before { content: "isolates"; }
  .isolates td:nth-child(3)::before { content: "edge"; }
  .isolates td:nth-child(4)::before { content: "breakers"; }
  .isolates td:nth-child(5)::before { content: "waiting"; }
  .isolates td:nth-child(6)::before { content: "policy"; }
  .isolates td:nth-child(7)::before { content: "model"; }
}
@container (max-width: 310px) {
  table.figures { font-size: 11.5px; }
  .figures thead > tr > :first-child:nth-last-child(4) { width: 20%; }
  .figures tr > * + * { padding-left: 5px; }
  .figures small { font-size: 10px; }
}
@container (min-width: 560px) {
  .wide { display: block; }
  .narrow { display: none; }
}
.empty { color: var(--soft); max-width: 46em; }
/* A card without figures: why, and what to do, in its middle. */
.card:has(> .empty:last-child) { display: flex; flex-direction: column; }
.card > .empty:last-child { margin: auto; padding: 6px 0 16px; max-width: 38em; text-align: center; text-wrap: balance; }
code span, th code, td code { white-space: nowrap; }
.empty code, .soft code { background: var(--paper); border: 1px solid var(--line); border-radius: 4px; padding: 1px 5px; }
.badge { display: inline-block; font-size: 12px; line-height: 1.5; padding: 0 8px; border-radius: 999px; background: var(--paper); color: var(--soft); border: 1px solid var(--line); white-space: nowrap; }
.badge.good { background: var(--good-back); color: var(--good); border-color: transparent; }
.badge.warn { background: var(--warn-back); color: var(--warn); border-color: transparent; }
.badge.bad { background: var(--bad-back); color: var(--bad); border-color: transparent; }
.readings, .changes, .problems, .missing { margin: 0 0 10px; padding-left: 18px; }
.readings { display: grid; gap: 5px; }
.readings .more, .readings .note { color: var(--soft); }
p.bad, .problems { color: var(--bad); }
.steps { display: flex; flex-wrap: wrap; gap: 4px; list-style: none; margin: 0 0 10px; padding: 0; }
.steps li { padding: 1px 10px; border: 1px solid var(--line); border-radius: 999px; color: var(--soft); font-size: 12.5px; }
.steps .done { background: var(--good-back); color: var(--good); border-color: transparent; }
.steps .now { color: var(--ink); border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
summary { cursor: pointer; color: var(--soft); font-size: 12px; }
td ol { margin: 6px 0 0; padding-left: 30px; display: grid; gap: 3px; font-size: 12px; color: var(--soft); }
td p { margin: 6px 0 0; font-size: 12px; }
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 8px 14px; margin: 0 0 12px; }
.pairs dt { color: var(--soft); font-size: 12px; }
.pairs dd { margin: 0; }
/* Forms. */
button, input, textarea, select { font: inherit; color: inherit; }
input, textarea, select { background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 6px 9px; width: 100%; }
input[type="checkbox"] { width: auto; }
textarea { font-family: var(--mono); font-size: 12.5px; line-height: 1.5; resize: vertical; tab-size: 2; }
[aria-invalid="true"] { border-color: var(--bad); }
label { font-size: 12.5px; color: var(--soft); }
button { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 5px 13px; cursor: pointer; }
button:hover:enabled { border-color: var(--soft); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.danger { color: var(--bad); border-color: var(--bad); }
button.quiet { border-color: transparent; background: none; color: var(--soft); padding: 4px 6px; }
button:disabled { cursor: not-allowed; color: var(--soft); background: var(--paper); }
.stack { display: grid; gap: 8px; margin-bottom: 14px; }
.stack > input { max-width: 420px; }
.stack > input[inputmode] { max-width: 110px; }
.stack label:has(> input) { display: flex; gap: 6px; align-items: baseline; }
.row { display: flex; flex-wrap: wrap; gap: 10px 12px; align-items: center; }
.row > div { flex: 1 1 180px; }
.check { min-height: 46px; }
/* Differences. */
.diff span { display: inline-block; min-width: 100%; padding: 0 6px; }
.diff .added { background: var(--good-back); }
.diff .removed { background: var(--bad-back); }
.diff .skipped { color: var(--soft); }
ins { color: var(--good); text-decoration: none; }
del { color: var(--bad); }
.changes del, .changes ins { font-family: var(--mono); font-size: 12.5px; }
@media (min-width: 900px) {
  .columns .span-4, .columns .span-6 { grid-column: span 6; }
}
@media (min-width: 1280px) {
  .columns .span-4 { grid-column: span 4; }
  .columns .span-8 { grid-column: span 8; }
  .columns .tall { grid-row: span 2; }
}
@media (max-width: 620px) {
  .bar, main { padding-left: 14px; padding-right: 14px; }
  .pages { order: 2; width: 100%; overflow-x: auto; margin: 0 -6px; gap: 0; }
  .pages a { padding: 8px 6px; font-size: 13px; }
  .sentence { font-size: 17px; }
  .tiles { gap: 8px; }
  .card { padding: 10px 12px 12px; }
  .tiles dd.big { font-size: 21px; }
  .low, .middle, .high { min-height: 0; }
}
@media (max-width: 480px) {
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles > :last-child:nth-child(odd) { grid-column: 1 / -1; }
}
@media (max-width: 380px) {
  .pages a { padding: 8px 4px; }
}
${PICTURE_STYLE}`;

/** Without comments and line breaks. */
export const STYLESHEET = SOURCE.replaceAll(/\/\*.*?\*\/|\n\s*/gs, "");

/** For `style-src`. https://www.w3.org/TR/CSP3/#grammardef-hash-source */
export const STYLESHEET_HASH = `'sha256-${encodeBase64(sha256(STYLESHEET))}'`;
