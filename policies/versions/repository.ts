/**
 * Reads and saves the policy, its history, and the last valid copy, which serves when another edit is invalid. KV has no
 * compare-and-swap: docs/decisions/015-policy-history.md explains the checks, the order of the writes, and the race that remains.
 */
import type { JsonObject } from "../../formats/json.ts";
import { parsePolicy } from "../parse.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../store.ts";
import { storedText } from "./document.ts";
import {
  type Entry,
  type History,
  historyText,
  nextVersion,
  readHistory,
  sha256Of,
  withEntry,
  withStored,
} from "./history.ts";
import { inForceIn, type VersionInForce } from "./in-force.ts";

/** The gateway does not read it. */
export const HISTORY_KEY = "policy-history";

/** The port to the KV namespace. */
export interface PolicyKv {
  /** @returns null when the key does not exist */
  get(key: string): Promise<string | null>;
  put(key: string, text: string): Promise<void>;
  /** After a write, a read may return the previous value for this time. */
  settleSeconds: number;
}

/** The policy when a command began. */
export interface PolicyState {
  /** The stored text; null when nothing is stored. */
  stored: string | null;
  /** Edits outside of the spillway command are its last entries. */
  history: History;
  /** What an edit starts from. */
  inForce: VersionInForce;
  /** Entries that the stored history does not contain yet. */
  unrecorded: readonly Entry[];
  /** A version that was saved so recently that KV may still return the previous one; null when KV returns the newest. */
  unsettled: { entry: Entry; waitSeconds: number } | null;
}

export interface Author {
  author: string;
  message: string | null;
}

/** The gateway would reject the document. */
export class InvalidPolicy extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`${problems.join("; ").replace(/[.?]?$/, (end) => end || ".")} Nothing was saved.`);
    this.problems = problems;
  }
}

/** Another edit was saved after the command began. */
export class PolicyConflict extends Error {
  /** The other version's name in the history; null when it has none yet. */
  readonly version: string | null;
  /** Its author; null for an edit outside of the spillway command. */
  readonly author: string | null;
  constructor(message: string, other: { version: string | null; author: string | null }) {
    super(message);
    this.version = other.version;
    this.author = other.author;
  }
}

/** Reads the policy and its history, and adds edits outside of the spillway command to it. Nothing is written. */
export async function readPolicyState(kv: PolicyKv, now: Date): Promise<PolicyState> {
  const [stored, text] = await Promise.all([kv.get(POLICY_KEY), kv.get(HISTORY_KEY)]);
  const recorded = readHistory(text);
  const unsettled = unsettledIn(recorded, stored, kv.settleSeconds, now);
  const history = unsettled === null ? withStored(recorded, stored, now.toISOString()) : recorded;
  const unrecorded = history.entries.filter((entry) => !recorded.entries.includes(entry));
  const known = inForceIn(history, null);
  // Only a rejected policy makes gateways use the copy.
  const inForce = known.rejected === null ? known : inForceIn(history, await kv.get(LAST_GOOD_KEY));
  return { stored, history, inForce, unrecorded, unsettled };
}

/** Adds edits outside of the spillway command to the stored history, before another write replaces them. */
export async function recordOutsideEdits(kv: PolicyKv, { history, unrecorded }: PolicyState): Promise<void> {
  if (unrecorded.length > 0) await kv.put(HISTORY_KEY, historyText(history));
}

export interface NewVersion extends Author {
  document: JsonObject;
  now: Date;
}

/** A version that is not written yet. Writing it twice stores the same bytes. */
export interface PreparedVersion {
  text: string;
  /** It ends with the new version. */
  history: History;
}

/**
 * Makes a new version of a document, higher than every version before.
 * @throws InvalidPolicy, or an Error with one sentence
 */
export function prepareVersion(
  { history }: Pick<PolicyState, "history">,
  { document, author, message, now }: NewVersion,
): PreparedVersion {
  const text = storedText(document, nextVersion(history));
  mustBeAPolicy(text);
  return { text, history: withEntry(history, { timeIso: now.toISOString(), author, message, text }) };
}

/**
 * Saves a document as a new version, higher than every version before.
 * @param seen the policy when the command began
 * @throws InvalidPolicy, PolicyConflict, or an Error with one sentence; nothing is saved then
 */
export async function savePolicy(kv: PolicyKv, seen: PolicyState, version: NewVersion): Promise<History> {
  const prepared = prepareVersion(seen, version);
  await mustBeUnchanged(kv, seen);
  await writeVersion(kv, seen, prepared);
  return prepared.history;
}

/**
 * Writes a prepared version: the history, the policy, and the copy of the last valid one.
 * @throws Error that names the part which was not saved; if the policy could not be written, the history does not contain it
 */
export async function writeVersion(
  kv: PolicyKv,
  seen: Pick<PolicyState, "history">,
  { text, history }: PreparedVersion,
): Promise<void> {
  await kv.put(HISTORY_KEY, historyText(history));
  await kv.put(POLICY_KEY, text).catch((error: unknown) => withdraw(kv, seen, history, error));
  // The last write: it claims that the policy was saved.
  await kv.put(LAST_GOOD_KEY, text).catch((error: unknown) => {
    const name = history.entries.at(-1)?.name;
    throw new Error(
      `Version ${name} was saved. Its copy, for isolates that find an invalid policy, was not: ${reasonOf(error)} Save the policy once more to write it.`,
    );
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The policy could not be written: the history must not claim the version.
 * @throws Error with the reason of `error`, and what the history contains
 */
async function withdraw(
  kv: PolicyKv,
  seen: Pick<PolicyState, "history">,
  { entries }: History,
  error: unknown,
): Promise<never> {
  const reason = reasonOf(error);
  const name = entries.at(-1)?.name;
  try {
    await kv.put(HISTORY_KEY, historyText(seen.history));
  } catch {
    throw new Error(
      `${reason} Version ${name} was not saved, but the history contains it: it could not be written a second time. Save the policy again.`,
    );
  }
  throw new Error(`${reason} Version ${name} was not saved.`);
}

function mustBeAPolicy(text: string): void {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new InvalidPolicy(parsed.problems);
}

/** @throws PolicyConflict when another version was saved since `seen`, or KV does not return the newest one yet */
export async function mustBeUnchanged(kv: PolicyKv, seen: PolicyState): Promise<void> {
  if (seen.unsettled !== null) {
    const { entry, waitSeconds } = seen.unsettled;
    throw new PolicyConflict(
      `KV does not return version ${entry.name} yet, which ${entry.author} saved at ${entry.timeIso}. Nothing was saved. Retry in ${waitSeconds} s.`,
      { version: entry.name, author: entry.author },
    );
  }
  const [stored, text] = await Promise.all([kv.get(POLICY_KEY), kv.get(HISTORY_KEY)]);
  const known = new Set(seen.history.entries.map(identity));
  const newer = readHistory(text).entries.findLast((entry) => !known.has(identity(entry)));
  if (newer !== undefined) {
    const by = newer.author ?? "an edit outside the spillway command";
    throw conflict(`${by} saved version ${newer.name}`, { version: newer.name, author: newer.author });
  }
  if (stored === seen.stored) return;
  throw conflict("an edit outside the spillway command changed the policy", { version: null, author: null });
}

function conflict(what: string, other: { version: string | null; author: string | null }): PolicyConflict {
  return new PolicyConflict(
    `Conflict: ${what} after you started. Nothing was saved. Run \`spillway policy history\` and retry.`,
    other,
  );
}

const identity = ({ name, timeIso, sha256 }: Entry) => `${name} ${timeIso} ${sha256}`;

/** KV returns an older version although a newer one was just saved: most likely a delay, not an edit. */
function unsettledIn(
  { entries }: History,
  stored: string | null,
  settleSeconds: number,
  now: Date,
): PolicyState["unsettled"] {
  const entry = entries.at(-1);
  if (entry === undefined || entry.author === null) return null;
  const waitSeconds = Math.ceil(settleSeconds - (now.getTime() - Date.parse(entry.timeIso)) / 1000);
  const shown = sha256Of(stored);
  const isOlder = entries.length === 1 ? stored === null : entries.slice(0, -1).some(({ sha256 }) => sha256 === shown);
  return waitSeconds > 0 && isOlder && shown !== entry.sha256 ? { entry, waitSeconds } : null;
}
