/** Pure. The version in force, from which every edit starts: the newest that gateways accept, which is not always the stored one. */
import { MAX_POLICY_BYTES, type ParsedPolicy, parsePolicy } from "../parse.ts";
import { outOfOrder } from "../store.ts";
import { type Entry, type History, isDeletion, sha256Of } from "./history.ts";

export interface VersionInForce {
  /** Its name, as in 7 or 7b; null for the defaults of an empty namespace. */
  name: string | null;
  /** The number that gateways report; 0 for the defaults. */
  version: number;
  /** A text that parses; null for the defaults. */
  text: string | null;
  /** Null for an edit outside of spillway, and for the defaults; `message` and `timeIso` too where they are not known. */
  author: string | null;
  message: string | null;
  timeIso: string | null;
  /** The stored version, if gateways reject it; null where it is the one in force. */
  rejected: RejectedVersion | null;
}

export interface RejectedVersion {
  /** Its name in the history. */
  name: string;
  /** Why gateways reject it. */
  problem: string;
  /** Whether the history has its text; false for one that is too large. */
  isKept: boolean;
}

/** @returns for each entry why gateways reject it that have seen the entries before it; null where they accept it */
export function problemsIn(entries: readonly Entry[]): (string | null)[] {
  let accepted = 0;
  return entries.map((entry) => {
    const problem = problemOf(entry, accepted);
    if (problem === null) accepted = entry.version ?? 0;
    return problem;
  });
}

/**
 * @param lastGood text of the KV key `policy-last-good`, which isolates use while the stored text does not parse, if it is newer; null if it
 * is not known
 */
export function inForceIn({ entries, highestVersion }: History, lastGood: string | null): VersionInForce {
  const newest = entries.at(-1);
  if (newest === undefined) return { ...DEFAULTS, rejected: null };
  // In nearly every history the newest entry is in force: the others need not be parsed then.
  if (newest.version === highestVersion && problemOf(newest, 0) === null) return inForceOf(newest, null);
  const problems = problemsIn(entries);
  const problem = problems.at(-1) ?? null;
  if (problem === null) return inForceOf(newest, null);
  const rejected = { name: newest.name, problem, isKept: newest.text !== null };
  const accepted = entries.findLast((_, index) => problems[index] === null);
  const known = accepted === undefined ? { ...DEFAULTS, rejected } : inForceOf(accepted, rejected);
  return newerOf(known, lastGood, entries);
}

/** One sentence on a stored version that is rejected. @param then what follows from it, as in "the edit starts from" */
export function rejectedSentence({ name, rejected }: VersionInForce, then: string): string | null {
  if (rejected === null) return null;
  const inForce = name === null ? "the defaults, which are in force" : `version ${name}, which is in force`;
  return `version ${rejected.name} is stored but rejected, so ${then} ${inForce}; the reason: ${rejected.problem}`;
}

const DEFAULTS = { name: null, version: 0, text: null, author: null, message: null, timeIso: null };

function inForceOf(entry: Entry, rejected: RejectedVersion | null): VersionInForce {
  const { name, version, text, author, message, timeIso } = entry;
  return { name, version: version ?? 0, text, author, message, timeIso, rejected };
}

/** An isolate takes the last valid copy only where it is newer than the version that it has (policies/store.ts). */
function newerOf(known: VersionInForce, lastGood: string | null, entries: readonly Entry[]): VersionInForce {
  const parsed = lastGood === null ? null : parsePolicy(lastGood);
  if (!parsed?.ok || parsed.policy.version <= known.version) return known;
  const sha256 = sha256Of(lastGood);
  const entry = entries.findLast((one) => one.sha256 === sha256);
  if (entry !== undefined) return inForceOf(entry, known.rejected);
  const { version } = parsed.policy;
  return { ...DEFAULTS, name: String(version), version, text: lastGood, rejected: known.rejected };
}

/** @param accepted the number of the version in force before it */
function problemOf(entry: Entry, accepted: number): string | null {
  // The key was deleted, so the defaults are in force.
  if (isDeletion(entry)) return null;
  if (entry.text === null) return `the document has more than ${MAX_POLICY_BYTES} bytes`;
  const parsed: ParsedPolicy = parsePolicy(entry.text);
  return parsed.ok ? outOfOrder(parsed.policy.version, accepted) : parsed.problem;
}
