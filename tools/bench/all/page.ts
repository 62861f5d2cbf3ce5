/** The page with the figures of all benches: docs/internals/results.md. Pure. */
import { markdownTable, wrapped } from "../../docs/markdown.ts";
import type { Table } from "../../table.ts";
import type { BenchRun } from "./run-bench.ts";

export interface PageEntry extends BenchRun {
  name: string;
  summary: string;
  /** As a user types it. */
  command: string;
  /** Of a run before this one; null for a part of this run. */
  before: { date: string; commit: string | null } | null;
}

export interface PageHead {
  /** The command that wrote the page. */
  command: string;
  /** Day of the run, as 2026-11-26. */
  date: string;
  /** Of the whole run. */
  seconds: number;
  cpus: number;
  cpu: string;
  node: string;
  workerd: string;
  /** Hash, with `-changed` if the checkout differs from it; null outside of a git checkout. */
  commit: string | null;
}

/** @returns the page in Markdown: when and where it was measured, whether each bench succeeded, and one table per bench */
export function resultsPage(head: PageHead, entries: readonly PageEntry[]): string {
  const { command, date, seconds, cpus, cpu, node, workerd, commit } = head;
  const failed = entries.filter(({ problem }) => problem !== null).map(({ name }) => name);
  const intro = `\`${command}\` writes this page; do not edit it. All programs run on one machine, so there is no network between them, and a short form has few samples: compare the numbers of one run, and expect others on another machine.`;
  const facts: [string, string][] = [
    ["date", date],
    ["duration", minutes(seconds)],
    ["machine", `${cpus} CPUs, ${cpu}`],
    ["programs", `Node ${node}, workerd ${workerd}`],
    ["commit", hashText(commit)],
    ["failures", failed.length === 0 ? "none" : failed.join(", ")],
  ];
  return [
    "# Results of the benches",
    wrapped(intro),
    markdownTable(["run", ""], facts),
    markdownTable(["bench", "seconds", "result"], entries.map(overviewRow)),
    ...entries.flatMap(section),
  ]
    .join("\n\n")
    .concat("\n");
}

function minutes(seconds: number): string {
  const whole = Math.ceil(seconds / 60);
  return whole === 1 ? "1 minute" : `${whole} minutes`;
}

function hashText(commit: string | null): string {
  return commit === null ? "unknown (not a git checkout)" : `\`${commit}\``;
}

function overviewRow({ name, seconds, problem, headline }: PageEntry): string[] {
  const result = problem === null ? "succeeded" : headline === null ? "no result" : "breaks a promise";
  return [`[${name}](#${name})`, String(seconds), result];
}

function section({ name, summary, command, before, headline, problem }: PageEntry): string[] {
  const when = before === null ? "" : `, a whole run of ${before.date}, commit ${hashText(before.commit)}`;
  return [
    `## ${name}`,
    wrapped(`Measures ${summary}.`),
    `\`${command}\`${when}`,
    ...(problem === null ? [] : [wrapped(`**Failed.** ${problem}`)]),
    ...(headline === null ? [] : tableOf(headline)),
  ];
}

/** Rows of a page of figures; a longer table is a bench without a headline. */
const MAX_ROWS = 14;

function tableOf({ title, header, rows }: Table): string[] {
  const shown = rows.slice(0, MAX_ROWS).map((row) => row.map(String));
  const more = rows.length - shown.length;
  return [
    `${title}:`,
    markdownTable(header, shown),
    ...(more > 0 ? [`${more} more rows: the bench prints them.`] : []),
  ];
}
