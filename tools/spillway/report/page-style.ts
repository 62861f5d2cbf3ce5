/** The style of the report's page: light, dark and print, from 360 px up. */
import { PICTURE_STYLE } from "../../../control-plane/drawing/style.ts";

const LIGHT =
  "--paper: #ffffff; --card: #f6f8fa; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --warning: #b4540a; --missing: #0860ca;";
const DARK =
  "--paper: #0d1117; --card: #161b22; --ink: #e6edf3; --soft: #9aa7b4; --line: #30363d; --warning: #e3a04f; --missing: #6cb0ff;";

export const PAGE_STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 16px 48px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 16px; margin: 0; }
.facts { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); gap: 12px; margin: 22px 0 18px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card h2 { font-size: 13px; font-weight: 600; color: var(--soft); }
.card .big { font-size: 30px; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.card p { margin: 0; color: var(--soft); font-size: 13px; }
.card p b { color: var(--ink); font-weight: 600; }
.words { margin: 0 0 8px; padding-left: 20px; }
.findings { list-style: none; margin: 14px 0 0; padding: 0; display: grid; gap: 8px; }
.findings li { border-left: 3px solid var(--line); padding: 2px 0 2px 12px; color: var(--soft); }
.findings .warning { border-color: var(--warning); color: var(--ink); }
.findings .missing { border-color: var(--missing); color: var(--ink); }
.findings b { font-weight: 650; } .findings .warning b { color: var(--warning); } .findings .missing b { color: var(--missing); }
.full, .half { margin-top: 30px; }
section { break-inside: avoid; padding-bottom: 30px; }
.full section { padding-bottom: 0; }
.half { margin-bottom: -30px; }
section > header { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; border-bottom: 1px solid var(--line); padding-bottom: 6px; margin-bottom: 12px; }
section > header span { color: var(--soft); font-size: 12.5px; white-space: nowrap; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { text-align: right; padding: 5px 0 5px 14px; vertical-align: top; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-weight: 600; font-size: 12.5px; }
tbody tr + tr td { border-top: 1px solid color-mix(in srgb, var(--line) 60%, transparent); }
td small { display: block; color: var(--soft); font-size: 12px; white-space: nowrap; }
.figure { white-space: nowrap; }
td.indented { padding-left: 14px; color: var(--soft); }
.note { color: var(--soft); font-size: 13px; margin: 8px 0 0; }
svg { display: block; width: 100%; height: auto; }
.wide { display: none; }
footer { color: var(--soft); font-size: 13px; margin-top: 36px; border-top: 1px solid var(--line); padding-top: 12px; }
@media (min-width: 700px) { .wide { display: block; } .narrow { display: none; } }
@media (min-width: 900px) { .half { columns: 2; column-gap: 40px; } }
@media (max-width: 480px) { th, td { padding-left: 7px; } table { font-size: 12.5px; } td small { font-size: 10.5px; } h1 { font-size: 22px; } .card { padding: 10px 12px; } .card .big { font-size: 23px; } }
@media print {
  body { font-size: 11px; } main { max-width: none; padding: 0; } .scroll { overflow: visible; } table { font-size: 11px; } td small, .note { font-size: 9.5px; }
  .cards { grid-template-columns: repeat(4, 1fr); } .card { padding: 8px 10px; } .card .big { font-size: 20px; }
  .half { columns: 2; column-gap: 28px; }
  .full .wide, .half .narrow { display: block; } .full .narrow, .half .wide { display: none; } .card, svg { print-color-adjust: exact; }
}
${PICTURE_STYLE}`;
