/** `spillway policy history` and `spillway policy diff`: the saved versions, and what changed between two of them. */
import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import type { JsonObject } from "../../../formats/json.ts";
import { changesOf, comparable } from "../../../policies/versions/changes.ts";
import { documentOf, withoutMetadata } from "../../../policies/versions/document.ts";
import { type Entry, entryNamed } from "../../../policies/versions/history.ts";
import { changesText, type HistoryRow, historyRowJson, historyRows } from "../../../policies/versions/history-rows.ts";
import type { VersionInForce } from "../../../policies/versions/in-force.ts";
import { addWhereOptions, type WhereOptions } from "../kv/where.ts";
import { type Paint, paintFor } from "../terminal/colors.ts";
import { tableText } from "../terminal/table.ts";
import { columnsOf, wrapped } from "../terminal/wrap.ts";
import { changeLines } from "./change-lines.ts";
import { reportRejected } from "./edit-base.ts";
import { isolateVersions, type VersionCounts, versionCounts } from "./isolate-versions.ts";
import { withPolicyState } from "./with-policy-state.ts";

interface HistoryOptions extends WhereOptions {
  json?: true;
  url?: string;
}

/** Adds `spillway policy history`. */
export function registerHistory(policy: Command): void {
  const history = policy
    .command("history")
    .description("List the last 50 versions: time, author, changes, and how many isolates have each.")
    .option("--json", "print JSON, with the text of each version")
    .option("--url <url>", "the control plane, which counts isolates, at another address");
  addWhereOptions(history).action(({ json, url, ...where }: HistoryOptions) => {
    // Asked while KV is read.
    const asked = isolateVersions({ ...where, ...(url !== undefined && { url }) }, process.env);
    return withPolicyState(where, async (seen) => {
      const rows = historyRows(seen.history);
      const versions = await asked;
      if (!versions.ok) console.error(`  ! isolates are not counted: ${versions.problem}`);
      const counts = versions.ok ? versionCounts(rows, versions.isolates) : null;
      if (json) console.log(JSON.stringify(rows.map(asJson(counts)), null, 2));
      else if (rows.length === 0) console.log("No policy has been saved yet; the defaults are in force.");
      else console.log(historyTable(rows, counts, paintFor(process.stdout, process.env), columnsOf(process.stdout)));
    });
  });
}

const asJson = (counts: VersionCounts | null) => (row: HistoryRow) => ({
  ...historyRowJson(row),
  isolates: counts?.of(row) ?? null,
});

/** Adds `spillway policy diff`. */
export function registerDiff(policy: Command): void {
  const diff = policy
    .command("diff")
    .description("Show the differences between two versions.")
    .argument("<a>", "a version of the history")
    .argument("[b]", "another version (default: the one in force)");
  addWhereOptions(diff).action((a: string, b: string | undefined, options: WhereOptions) =>
    withPolicyState(options, async ({ history, inForce }) => {
      if (b === undefined) reportRejected(inForce, "the comparison is with");
      const from = entryNamed(history, a);
      const to = b === undefined ? inForce : entryNamed(history, b);
      const changes = changesOf(documentIn(from), documentIn(to));
      if (changes.length === 0) console.log(`Versions ${from.name} and ${to.name} are the same.`);
      const lines = changeLines(changes, paintFor(process.stdout, process.env), columnsOf(process.stdout));
      for (const line of lines) console.log(line);
    }),
  );
}

function documentIn(version: Entry | VersionInForce): JsonObject {
  const document = "sha256" in version ? comparable(version) : withoutMetadata(documentOf(version.text));
  if (document !== null) return document;
  const { name } = version;
  throw new Error(`Version ${name} is not a JSON object; print it with spillway policy get --at ${name}.`);
}

const MARKS = { "last-stored": "●", rejected: "○", none: " " } as const;
const OUTSIDE = "outside the spillway command";
const MAX_AUTHOR_LENGTH = OUTSIDE.length;

/**
 * Formats the history as a table.
 * @param counts null if isolates are not counted
 * @param columns the terminal's width, to which the cells are wrapped; null for no wrapping
 */
export function historyTable(
  rows: readonly HistoryRow[],
  counts: VersionCounts | null,
  paint: Paint,
  columns: number | null,
): string {
  const head = [" ", "version", ...(counts === null ? [] : ["isolates"]), "when", "author", "changes"];
  const table = tableText({ head, rows: rows.map((row) => cellsOf(row, counts)) }, columns, (line, row) =>
    row === null ? paint("bold", line) : paintRow(line, rows[row], paint),
  );
  const under = legend(rows, counts).flatMap((line) => wrapped(line, { columns, indent: 2 }));
  return [table, "", ...under.map((line) => paint("dim", line))].join("\n");
}

function cellsOf(row: HistoryRow, counts: VersionCounts | null): string[] {
  const { entry, mark, problem, changes, remark } = row;
  const outside = entry.author === null;
  const last = [
    problem === null ? changesText(changes) : `rejected: ${problem}`,
    ...(remark === null ? [] : [`(${remark})`]),
    ...(entry.message === null ? [] : [`“${entry.message}”`]),
  ];
  return [
    MARKS[mark],
    entry.name,
    ...(counts === null ? [] : [String(counts.of(row) || "")]),
    `${outside ? "seen " : ""}${new Date(entry.timeIso).toLocaleString("sv-SE")}`,
    shortened(entry.author ?? OUTSIDE),
    last.join(" "),
    // Names and messages are untrusted: no control sequence of them may reach the terminal.
  ].map((cell) => stripVTControlCharacters(cell).replaceAll(/\s+/g, " "));
}

/** The name without the address, which `--json` contains. */
function shortened(address: string): string {
  const author = address.replace(/ <[^>]*>$/, "");
  return author.length > MAX_AUTHOR_LENGTH ? `${author.slice(0, MAX_AUTHOR_LENGTH - 1)}…` : author;
}

function paintRow(line: string, row: HistoryRow | undefined, paint: Paint): string {
  if (row === undefined) return line;
  if (row.problem !== null) return paint("red", line);
  if (row.mark === "last-stored") return paint("green", line);
  return row.entry.author === null ? paint("yellow", line) : line;
}

function legend(rows: readonly HistoryRow[], counts: VersionCounts | null): string[] {
  const hasRejected = rows.some(({ mark }) => mark === "rejected");
  return [
    "● last stored",
    ...(hasRejected ? ["○ stored, but rejected: isolates keep the newest valid one"] : []),
    ...(counts === null ? ["What an isolate has: x-spillway-policy, and /readyz."] : isolatesLegend(counts)),
  ];
}

function isolatesLegend({ others }: VersionCounts): string[] {
  const named = ({ version, isolates }: VersionCounts["others"][number]) =>
    `${isolates} with ${version === 0 ? "the defaults or a policy without a version" : `version ${version}, which is not listed`}`;
  return [
    "isolates: those that reported the version last, within 10 minutes",
    ...(others.length === 0 ? [] : [`Further isolates: ${others.map(named).join(", ")}`]),
  ];
}
