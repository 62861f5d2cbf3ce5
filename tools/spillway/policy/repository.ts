/**
 * Reads and writes the policy, its history, and the copy that stands in where another edit breaks it. KV has no compare-and-swap; docs/decisions/015-policy-history.md
 * says what is checked instead, why the history goes first, and which race remains.
 */
import { parsePolicy } from "../../../policies/parse.ts";
import { LAST_GOOD_KEY, POLICY_KEY } from "../../../policies/store.ts";
import type { Kv } from "../kv/kv.ts";
import { storedText } from "./document.ts";
import {
  DOCUMENT_MAX_BYTES,
  type Entry,
  type History,
  historyText,
  nextVersion,
  readHistory,
  sha256Of,
  withEntry,
  withStored,
} from "./history.ts";
import type { JsonObject } from "../../../formats/json.ts";

/** What was there when a command began. */
export interface PolicyState {
  stored: string | null;
  /** With edits outside the spillway command as its last entries. */
  history: History;
  /** Those that the stored history does not have yet. */
  unrecorded: readonly Entry[];
  /** A version stored so lately that KV may not show it yet; null when what is shown is the newest. */
  unsettled: { entry: Entry; waitSeconds: number } | null;
}

export interface Author {
  author: string;
  message: string | null;
}

/** A document that the gateway would not take. */
export class InvalidPolicy extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`${problems.join("; ").replace(/[.?]?$/, (end) => end || ".")} Nothing was stored.`);
    this.problems = problems;
  }
}

/** Somebody else stored something meanwhile. */
export class PolicyConflict extends Error {}

export async function readPolicyState(kv: PolicyKv, now: Date): Promise<PolicyState> {
  const [stored, text] = await Promise.all([kv.get(POLICY_KEY), kv.get(HISTORY_KEY)]);
  const recorded = readHistory(text);
  const unsettled = unsettledIn(recorded, stored, kv.settleSeconds, now);
  const history = unsettled === null ? withStored(recorded, stored, now.toISOString()) : recorded;
  const unrecorded = history.entries.filter((entry) => !recorded.entries.includes(entry));
  return { stored, history, unrecorded, unsettled };
}

/** Keeps what was found, before something overwrites it. */
export async function record(kv: PolicyKv, { history, unrecorded }: PolicyState): Promise<void> {
  if (unrecorded.length > 0) await kv.put(HISTORY_KEY, historyText(history));
}

/**
 * Stores a document as a new version, above everything that was seen.
 * @throws InvalidPolicy, Overtaken, or an Error with one sentence; nothing is stored then
 */
export async function store(
  kv: PolicyKv,
  seen: PolicyState,
  document: JsonObject,
  by: Author,
  now: Date,
): Promise<History> {
  const text = storedText(document, nextVersion(seen.history));
  mustBeAPolicy(text);
  const history = withEntry(seen.history, { timeIso: now.toISOString(), ...by, text });
  await mustBeUnchanged(kv, seen);
  await kv.put(HISTORY_KEY, historyText(history));
  await kv.put(POLICY_KEY, text);
  // Last: what it says was stored.
  await kv.put(LAST_GOOD_KEY, text);
  return history;
}

function mustBeAPolicy(text: string): void {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new InvalidPolicy(parsed.problems);
  const bytes = Buffer.byteLength(text);
  if (bytes <= DOCUMENT_MAX_BYTES) return;
  throw new InvalidPolicy([`policy: ${bytes} bytes are not allowed; must be at most ${DOCUMENT_MAX_BYTES}`]);
}

async function mustBeUnchanged(kv: PolicyKv, seen: PolicyState): Promise<void> {
  if (seen.unsettled !== null) {
    const { entry, waitSeconds } = seen.unsettled;
    throw new PolicyConflict(
      `Version ${entry.name}, stored by ${entry.author} at ${entry.timeIso}, is not shown by KV yet; try again in ${waitSeconds} s.`,
    );
  }
  const [stored, text] = await Promise.all([kv.get(POLICY_KEY), kv.get(HISTORY_KEY)]);
  const known = new Set(seen.history.entries.map(identity));
  const newer = readHistory(text).entries.findLast((entry) => !known.has(identity(entry)));
  if (newer !== undefined) {
    throw new PolicyConflict(
      `Version ${newer.name} was stored meanwhile by ${newer.author ?? "an edit outside the spillway command"}, and yours was not; see spillway policy history, then try again.`,
    );
  }
  if (stored === seen.stored) return;
  throw new PolicyConflict(
    "The policy was changed meanwhile outside the spillway command, and yours was not stored; see spillway policy history, then try again.",
  );
}

const identity = ({ name, timeIso, sha256 }: Entry) => `${name} ${timeIso} ${sha256}`;

/** KV shows an older version although a newer one was stored a moment ago: a delay, most likely, and no edit. */
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

/** The gateway never reads it. */
export const HISTORY_KEY = "policy-history";

export type PolicyKv = Pick<Kv, "get" | "put" | "settleSeconds">;
