/** Pure. What `history` tells of each entry. */

import { parsePolicy } from "../../../policies/parse.ts";
import { outOfOrder } from "../../../policies/store.ts";
import { changesInShort } from "./changes.ts";
import { ENTRIES_MAX, type Entry, type History, isDeletion } from "./history.ts";

export interface HistoryRow {
  entry: Entry;
  /** `stored`: in the KV key now, though no isolate takes it that has seen the one in force. */
  mark: "in-force" | "stored" | "none";
  /** Why the gateway does not take it; null when it does. */
  problem: string | null;
  changes: string;
  /** How its version relates to the one before, where that is not simply higher; null where it is. */
  remark: string | null;
}

/** Newest first. */
export function historyRows({ entries }: History): HistoryRow[] {
  const rows: HistoryRow[] = [];
  let inForce: Entry | undefined;
  for (const [index, entry] of entries.entries()) {
    const problem = problemOf(entry, inForce);
    const isOldestKept = index === 0 && entries.length === ENTRIES_MAX;
    rows.push({
      entry,
      mark: index === entries.length - 1 ? "stored" : "none",
      problem,
      // Against what was in force until then.
      changes: isOldestKept ? "(the version before it is no longer kept)" : changesInShort(entry, inForce),
      remark: remarkOn(entry, entries.slice(0, index)),
    });
    if (problem === null) inForce = entry;
  }
  return rows.map((row) => (row.entry === inForce ? { ...row, mark: "in-force" as const } : row)).reverse();
}

/** As an isolate sees it that has seen all before. */
function problemOf(entry: Entry, inForce: Entry | undefined): string | null {
  // Deleted, and the defaults serve; or too large to be kept, and nothing is known of it.
  if (entry.text === null) return null;
  const parsed = parsePolicy(entry.text);
  return parsed.ok ? outOfOrder(parsed.policy.version, inForce?.version ?? 0) : parsed.problem;
}

function remarkOn(entry: Entry, earlier: readonly Entry[]): string | null {
  const before = earlier.at(-1);
  if (before === undefined || entry.author !== null) return null;
  const twin = earlier.findLast(({ sha256 }) => sha256 === entry.sha256);
  if (twin !== undefined && !isDeletion(entry)) {
    // A write that broke off between the two keys looks the same: the history has it, the policy has not.
    const brokeOff = before.author === null ? "" : `, or the write of ${before.name} broke off`;
    return `${twin.name} put back${brokeOff}`;
  }
  if (entry.version === null || before.version === null || isDeletion(entry)) return null;
  return entry.version === before.version ? `version stayed ${entry.version}` : null;
}
