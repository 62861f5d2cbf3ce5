/** Pure. The rows of the history, as `spillway policy history` and the control plane show them. */
import { summaryLines } from "./changes.ts";
import { type Entry, type History, isDeletion, MAX_ENTRIES } from "./history.ts";
import { problemsIn } from "./in-force.ts";

export interface HistoryRow {
  entry: Entry;
  /**
   * `last-stored`: the newest version that is valid. Which version an isolate has, the history cannot know. `rejected`: the current value of
   * the KV key, which an isolate rejects that has seen the last stored one.
   */
  mark: "last-stored" | "rejected" | "none";
  /** Why the gateway rejects it; null when it accepts it. */
  problem: string | null;
  /** What it changed, in lines: every change of residency first, then the others, of which a few are shown. */
  changes: readonly string[];
  /** How its version relates to the one before; null when it is higher. */
  remark: string | null;
}

/** A row as JSON, with the text of its version. */
export function historyRowJson({ entry, mark, problem, changes, remark }: HistoryRow) {
  const [outside, lastStored] = [entry.author === null, mark === "last-stored"];
  return { ...entry, outside, lastStored, problem, changes: changesText(changes), remark };
}

/** The lines as one text. Each is a sentence where there are several. */
export function changesText(lines: readonly string[]): string {
  if (lines.length < 2) return lines.join("");
  return lines.map((line) => `${line.replace(/^(texts|the) /, capitalized)}.`).join(" ");
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** @returns the newest entry first */
export function historyRows({ entries }: History): HistoryRow[] {
  const rows: HistoryRow[] = [];
  let lastStored: Entry | undefined;
  const problems = problemsIn(entries);
  for (const [index, entry] of entries.entries()) {
    const problem = problems[index] ?? null;
    const isOldestKept = index === 0 && entries.length === MAX_ENTRIES;
    rows.push({
      entry,
      mark: index === entries.length - 1 ? "rejected" : "none",
      problem,
      // Compared with the last valid entry before it.
      changes: isOldestKept ? ["(the previous version is no longer in the history)"] : summaryLines(entry, lastStored),
      remark: remarkOn(entry, entries.slice(0, index)),
    });
    if (problem === null) lastStored = entry;
  }
  return rows.map((row) => (row.entry === lastStored ? { ...row, mark: "last-stored" as const } : row)).reverse();
}

function remarkOn(entry: Entry, earlier: readonly Entry[]): string | null {
  const before = earlier.at(-1);
  if (before === undefined || entry.author !== null) return null;
  const twin = earlier.findLast(({ sha256 }) => sha256 === entry.sha256);
  if (twin !== undefined && !isDeletion(entry)) {
    // A save that failed between its two writes looks the same: the history contains the version, the policy key does not.
    const failedSave = before.author === null ? "" : `, or the save of ${before.name} failed`;
    return `${twin.name} was restored${failedSave}`;
  }
  if (entry.version === null || before.version === null || isDeletion(entry)) return null;
  return entry.version === before.version ? `still version ${entry.version}` : null;
}
