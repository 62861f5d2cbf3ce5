/** Pure: no I/O, no clock. The policies that were stored, oldest first, and how an edit by other means is noticed. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { versionOf } from "./document.ts";
import { parseJson } from "../../../formats/json.ts";

export const ENTRIES_MAX = 50;
/** 50 of them, even where each character takes six in JSON, stay under the 25 MiB that KV holds. */
export const DOCUMENT_MAX_BYTES = 64 * 1024;

export interface Entry {
  /** Its version; with a letter where another one of that version is kept, `broken-1` where it has none. */
  name: string;
  /** As the gateway reports it; null where it cannot be read. */
  version: number | null;
  /** When it was stored; when it was first seen, for an edit outside the spillway command. */
  timeIso: string;
  /** Null: an edit outside the spillway command. */
  author: string | null;
  message: string | null;
  /** The very text that was stored; null where the key was deleted, or the text was too large to keep. */
  text: string | null;
  /** Of the text; empty where the key was deleted. */
  sha256: string;
}

export interface History {
  /** The highest version ever seen. */
  highestVersion: number;
  entries: readonly Entry[];
}

export const emptyHistory: History = { highestVersion: 0, entries: [] };

type NewEntry = Pick<Entry, "timeIso" | "author" | "message"> & { text: string | null };

/** With what is stored as its last entry: the same history where nobody else has written. */
export function withStored(history: History, stored: string | null, nowIso: string): History {
  const last = history.entries.at(-1);
  if (last === undefined ? stored === null : last.sha256 === sha256Of(stored)) return history;
  return withEntry(history, { timeIso: nowIso, author: null, message: null, text: stored });
}

export function withEntry(history: History, { timeIso, author, message, text }: NewEntry): History {
  const version = versionOf(text);
  const keepsText = text !== null && Buffer.byteLength(text) <= DOCUMENT_MAX_BYTES;
  const entry: Entry = {
    name: nameFor(version, history.entries),
    version,
    timeIso,
    author,
    message,
    text: keepsText ? text : null,
    sha256: sha256Of(text),
  };
  return {
    highestVersion: Math.max(history.highestVersion, version ?? 0),
    entries: [...history.entries, entry].slice(-ENTRIES_MAX),
  };
}

/** @throws Error with one sentence when a version has been seen that leaves no higher one */
export function nextVersion({ highestVersion }: History): number {
  if (highestVersion < Number.MAX_SAFE_INTEGER) return highestVersion + 1;
  throw new Error(
    `Version ${highestVersion} has been stored, and no number is higher; delete the keys policy and policy-history with wrangler kv key delete, and start again.`,
  );
}

export function isDeletion({ sha256 }: Entry): boolean {
  return sha256 === "";
}

/**
 * @param orElse what else can be done, as the end of a sentence
 * @throws Error with one sentence that tells what there is
 */
export function entryNamed({ entries }: History, name: string, orElse = ""): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const [oldest, newest] = [entries[0]?.name, entries.at(-1)?.name];
  if (oldest === undefined) {
    throw new Error(
      `There is no version "${name}": no policy has been stored yet, and the defaults serve; the first edit will be version 1, as with spillway policy set <path> <value>.`,
    );
  }
  const kept = entries.length === 1 ? `${oldest} alone` : `${oldest} to ${newest}`;
  throw new Error(
    `There is no version "${name}" in the history, which holds ${kept}; see spillway policy history${orElse}.`,
  );
}

export function sha256Of(text: string | null): string {
  return text === null ? "" : createHash("sha256").update(text).digest("hex");
}

function nameFor(version: number | null, entries: readonly Entry[]): string {
  const taken = new Set(entries.map(({ name }) => name));
  const names = version === null ? brokenNames() : versionNames(version);
  for (const name of names) if (!taken.has(name)) return name;
  return String(version);
}

function* brokenNames() {
  for (let number = 1; number <= ENTRIES_MAX + 1; number++) yield `broken-${number}`;
}

/** 7, 7b, 7c … 7z, 7aa …: at most as many as entries are kept. */
function* versionNames(version: number) {
  yield String(version);
  for (let number = 1; number <= ENTRIES_MAX; number++) {
    yield `${version}${number < 26 ? "" : "a"}${String.fromCharCode(97 + (number % 26))}`;
  }
}

/** Pure. The history as it is stored under its own KV key. */

const fileSchema = z.object({
  format: z.literal(1),
  highestVersion: z.int().min(0),
  entries: z.array(
    z.object({
      name: z.string(),
      version: z.int().min(0).nullable(),
      timeIso: z.string(),
      author: z.string().nullable(),
      message: z.string().nullable(),
      text: z.string().nullable(),
      sha256: z.string(),
    }),
  ),
});

export function historyText({ highestVersion, entries }: History): string {
  return JSON.stringify({ format: 1, highestVersion, entries });
}

/** @throws Error with one sentence when the key holds something else */
export function readHistory(text: string | null): History {
  if (text === null) return emptyHistory;
  const parsed = fileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    "The KV key policy-history holds no history of this version of spillway; keep a copy of it with wrangler kv key get, then remove it with wrangler kv key delete policy-history --binding POLICIES.",
  );
}
