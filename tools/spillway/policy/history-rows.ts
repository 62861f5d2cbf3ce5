/** Pure. The rows of `spillway policy history`. */
import { MAX_POLICY_BYTES, parsePolicy } from "../../../policies/parse.ts";
import { outOfOrder } from "../../../policies/store.ts";
import { summarizeChanges } from "./changes.ts";
import { type Entry, type History, isDeletion, MAX_ENTRIES } from "./history.ts";

export interface HistoryRow {
  entry: Entry;
  /** `stored`: the current value of the KV key, which isolates reject that have seen the version in force. */
  mark: "in-force" | "stored" | "none";
  /** Why the gateway rejects it; null when it accepts it. */
  problem: string | null;
  changes: string;
  /** How its version relates to the one before; null when it is higher. */
  remark: string | null;
}

/** @returns the newest entry first */
export function historyRows({ entries }: History): HistoryRow[] {
  const rows: HistoryRow[] = [];
  let inForce: Entry | undefined;
  for (const [index, entry] of entries.entries()) {
    const problem = problemOf(entry, inForce);
    const isOldestKept = index === 0 && entries.length === MAX_ENTRIES;
    rows.push({
      entry,
      mark: index === entries.length - 1 ? "stored" : "none",
      problem,
      // Compared with the entry that was in force until then.
      changes: isOldestKept ? "(the previous version is no longer in the history)" : summarizeChanges(entry, inForce),
      remark: remarkOn(entry, entries.slice(0, index)),
    });
    if (problem === null) inForce = entry;
  }
  return rows.map((row) => (row.entry === inForce ? { ...row, mark: "in-force" as const } : row)).reverse();
}

/** For an isolate that has seen all earlier entries. */
function problemOf(entry: Entry, inForce: Entry | undefined): string | null {
  // The key was deleted, so the defaults are in force.
  if (isDeletion(entry)) return null;
  if (entry.text === null) return `the document has more than ${MAX_POLICY_BYTES} bytes`;
  const parsed = parsePolicy(entry.text);
  return parsed.ok ? outOfOrder(parsed.policy.version, inForce?.version ?? 0) : parsed.problem;
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
