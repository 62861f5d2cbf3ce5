/** Pure. The facts of the console for a terminal, and where the clouds differ. */
import { isolateTable } from "../../../control-plane/console/isolates.ts";
import { attentionOf, sentencesOf } from "../../../control-plane/console/sentence.ts";
import { counted, percent, usd } from "../../../control-plane/report/numbers.ts";
import type { Cell, Table } from "../../../control-plane/report/table.ts";
import { tablesOf } from "../../../control-plane/report/tables.ts";
import { MIN_DAYS_TO_PROJECT } from "../../../control-plane/report/thresholds.ts";
import { shortModelId } from "../../../formats/model-package/names.ts";
import type { Paint } from "../terminal/colors.ts";
import { tableText } from "../terminal/table.ts";
import { wrapped } from "../terminal/wrap.ts";
import { type Deployed, type Drift, wantedModel } from "./drift.ts";
import type { Gathered } from "./gather.ts";

export interface Terminal {
  paint: Paint;
  /** Null for no wrapping. */
  columns: number | null;
}

const INDENT = "  ";

export function statusLines(
  { facts, deployed, notes }: Gathered,
  drift: readonly Drift[],
  terminal: Terminal,
): string[] {
  const { paint, columns } = terminal;
  const text = (line: string, mark = "") => {
    const width = columns === null ? null : columns - INDENT.length - mark.length;
    const parts = wrapped(line, { columns: width });
    return parts.map((part, index) => `${INDENT}${index === 0 ? mark : " ".repeat(mark.length)}${part}`);
  };
  const title = (words: string) => ["", paint("bold", words)];
  const arms = tablesOf(facts.report).find(({ id }) => id === "arms");
  return [
    ...text(sentencesOf(facts).join(" ")),
    ...attentionOf(facts).flatMap((one) => text(one.text, "! ").map((line) => paint("yellow", line))),
    ...(arms === undefined ? [] : [...title("Last 24 hours, by arm"), ...tableOf(arms, columns)]),
    ...title("Isolates by location"),
    ...(facts.isolates.length === 0
      ? text("None sent counts within the last 10 minutes.")
      : tableOf(isolateTable(facts.isolates), columns)),
    ...title("Deployed"),
    ...tableOf({ head: ["", ""], rows: deployedRows(deployed) }, columns),
    ...title("Cost"),
    ...text(costSentence(facts)),
    ...title("Drift"),
    ...(drift.length === 0 ? text("Nothing differs.") : drift.flatMap((one) => driftLines(one, text, paint))),
    ...(notes.length === 0 ? [] : [...title("Not known"), ...notes.flatMap((note) => text(note))]),
  ];
}

function driftLines(
  { what, why, fix }: Drift,
  text: (line: string, mark?: string) => string[],
  paint: Paint,
): string[] {
  return [...text(what, "! ").map((line) => paint("yellow", line)), ...text(why, INDENT), ...text(`→ ${fix}`, INDENT)];
}

function tableOf({ head, rows }: Pick<Table, "head" | "rows">, columns: number | null): string[] {
  const inOneLine = (cell: Cell) => (typeof cell === "string" ? cell : `${cell.text} ${cell.range}`.trim());
  const isUntitled = head.every((name) => name === "");
  const cells = rows.map((row) => row.map(inOneLine));
  const width = columns === null ? null : columns - INDENT.length;
  const lines = tableText({ head: isUntitled ? null : head, rows: cells }, width).split("\n");
  return lines.map((line) => (line === "" ? line : INDENT + line));
}

/** Model, version and key of each side. */
export function deployedRows(deployed: Deployed): string[][] {
  const { policy, models, workers, pinnedKeys, isolates } = deployed;
  const wanted = wantedModel(deployed);
  const seen = Object.entries(models).map(([side, all]) => [
    side === "edge" ? "edge, last hour" : `origin ${side}, last hour`,
    all.map(({ model, texts }) => `${shortModelId(model)}, ${counted(texts, "text")}`).join("; ") || "no model seen",
  ]);
  const loaded = [...new Set(isolates.map(({ model }) => model).filter((id) => id !== ""))];
  return [
    ["policy", policy.text === null ? "defaults" : `version ${policy.name}`],
    ["model, as wanted", wanted === null ? "that of the deployment" : shortModelId(wanted)],
    ["model in isolates", loaded.map(shortModelId).join(", ") || "none"],
    ...seen,
    ["gateway's versions", workers.map((id) => id.slice(0, 8)).join(", ") || "none seen"],
    ["key at the edge", pinnedKeys.edge ?? "not known"],
    ["key at the origin", pinnedKeys.origin ?? "not known"],
  ];
}

function costSentence({ month, nowMs }: Gathered["facts"]): string {
  const today = month.days.find(({ day }) => day === new Date(nowMs).toISOString().slice(0, 10));
  const todayUsd = Object.values(today?.groupsUsd ?? {}).reduce((sum, one) => sum + one, 0);
  const bill = month.costUsd.monthlyBill;
  const isProjected = bill !== null && month.countedDays >= MIN_DAYS_TO_PROJECT;
  const projected = isProjected ? ` A month of it is a bill of ${usd(bill)}.` : "";
  return `${usd(todayUsd)} today and ${usd(month.costUsd.total)} this month at list prices, coverage ${percent(month.coverage)}.${projected}`;
}
