/** Pure. What `history` tells of each entry. */
import { parsePolicy } from "../../policies/parse.ts";
import { changesInShort } from "./change-text.ts";
import { ENTRIES_MAX, type Entry, type History, isDeletion } from "./history.ts";

export interface HistoryRow {
  entry: Entry;
  /** `stored`: in the KV key now, though it does not parse; isolates keep the last good one they have seen. */
  mark: "in-force" | "stored" | "none";
  /** Why the gateway does not take it; null when it does. */
  problem: string | null;
  changes: string;
  /** How its version relates to the one before, where that is not simply higher; null where it is. */
  remark: string | null;
}

/** Newest first. */
export function historyRows({ entries }: History): HistoryRow[] {
  const problems = entries.map(problemOf);
  const lastGood = problems.lastIndexOf(null);
  const lastGoodBefore = (index: number) => (index === 0 ? -1 : problems.lastIndexOf(null, index - 1));
  return entries
    .map((entry, index): HistoryRow => {
      // Against what was in force until then.
      const before = entries[lastGoodBefore(index)];
      const isOldestKept = index === 0 && entries.length === ENTRIES_MAX;
      return {
        entry,
        mark: index === lastGood ? "in-force" : index === entries.length - 1 ? "stored" : "none",
        problem: problems[index] ?? null,
        changes: isOldestKept ? "(the version before it is no longer kept)" : changesInShort(entry, before),
        remark: remarkOn(entry, entries.slice(0, index)),
      };
    })
    .reverse();
}

function problemOf(entry: Entry): string | null {
  // Deleted, and the defaults serve; or too large to be kept, and nothing is known of it.
  if (entry.text === null) return null;
  const parsed = parsePolicy(entry.text);
  return parsed.ok ? null : parsed.problem;
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
  if (entry.version === before.version) return `version stayed ${entry.version}`;
  return entry.version < before.version ? `version went back from ${before.version} to ${entry.version}` : null;
}
