/** Pure: no I/O, no clock. The saved policies, oldest first, and how edits outside of the spillway command are detected. */
import { z } from "zod";
import { parseJson } from "../../formats/json.ts";
import { sha256Hex } from "../../formats/sha256.ts";
import { MAX_POLICY_BYTES } from "../parse.ts";
import { versionOf } from "./document.ts";

/** So many of the largest documents stay below the 25 MiB of a KV value, even when JSON needs six bytes per character. */
export const MAX_ENTRIES = 50;
export interface Entry {
  /** The version; with a letter when an entry with that version exists, `broken-1` when the text has no version. */
  name: string;
  /** The version that the gateway reports; null when it cannot be read. */
  version: number | null;
  /** When it was saved. For an edit outside of the spillway command: when it was first seen. */
  timeIso: string;
  /** Null for an edit outside of the spillway command. */
  author: string | null;
  message: string | null;
  /** The stored text; null when the key was deleted or the text is too large for a policy. */
  text: string | null;
  /** SHA-256 of the text; empty when the key was deleted. */
  sha256: string;
}

export interface History {
  /** The highest version so far. */
  highestVersion: number;
  entries: readonly Entry[];
}

export const emptyHistory: History = { highestVersion: 0, entries: [] };

type NewEntry = Pick<Entry, "timeIso" | "author" | "message"> & { text: string | null };

/** @returns the history with the stored text as its last entry: the same history when there was no edit outside */
export function withStored(history: History, stored: string | null, nowIso: string): History {
  const last = history.entries.at(-1);
  if (last === undefined ? stored === null : last.sha256 === sha256Of(stored)) return history;
  return withEntry(history, { timeIso: nowIso, author: null, message: null, text: stored });
}

/** @returns the history with one more entry; the oldest is dropped beyond `MAX_ENTRIES` */
export function withEntry(history: History, { timeIso, author, message, text }: NewEntry): History {
  const version = versionOf(text);
  const keepsText = text !== null && Buffer.byteLength(text) <= MAX_POLICY_BYTES;
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
    entries: [...history.entries, entry].slice(-MAX_ENTRIES),
  };
}

/** @throws Error with one sentence when no higher number exists */
export function nextVersion({ highestVersion }: History): number {
  if (highestVersion < Number.MAX_SAFE_INTEGER) return highestVersion + 1;
  throw new Error(
    `Version ${highestVersion} exists, and there is no higher number. Delete the keys policy and policy-history with wrangler kv key delete, and start again.`,
  );
}

/** Whether the entry records that the key was deleted. */
export function isDeletion({ sha256 }: Entry): boolean {
  return sha256 === "";
}

/**
 * @param orElse another option, as the end of the error's sentence
 * @throws Error with one sentence that lists the existing versions
 */
export function entryNamed({ entries }: History, name: string, orElse = ""): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const [oldest, newest] = [entries[0]?.name, entries.at(-1)?.name];
  if (oldest === undefined) {
    throw new Error(
      `There is no version "${name}": no policy has been saved yet, and the defaults are in force. The first edit, such as spillway policy set <path> <value>, creates version 1.`,
    );
  }
  const kept = entries.length === 1 ? `only ${oldest}` : `${oldest} to ${newest}`;
  throw new Error(
    `There is no version "${name}" in the history, which contains ${kept}. Run spillway policy history${orElse}.`,
  );
}

/** @returns the digest as hex; empty for null */
export function sha256Of(text: string | null): string {
  return text === null ? "" : sha256Hex(text);
}

function nameFor(version: number | null, entries: readonly Entry[]): string {
  const used = new Set(entries.map(({ name }) => name));
  const names = version === null ? brokenNames() : versionNames(version);
  for (const name of names) if (!used.has(name)) return name;
  return String(version);
}

function* brokenNames() {
  for (let number = 1; number <= MAX_ENTRIES + 1; number++) yield `broken-${number}`;
}

/** 7, 7b, 7c … 7z, 7aa …: as many as there can be entries. */
function* versionNames(version: number) {
  yield String(version);
  for (let number = 1; number <= MAX_ENTRIES; number++) {
    yield `${version}${number < 26 ? "" : "a"}${String.fromCharCode(97 + (number % 26))}`;
  }
}

/** The value of the KV key `policy-history`. */
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

/** @returns the value of the KV key `policy-history` */
export function historyText({ highestVersion, entries }: History): string {
  return JSON.stringify({ format: 1, highestVersion, entries });
}

/** @throws Error with one sentence when the key holds something else */
export function readHistory(text: string | null): History {
  if (text === null) return emptyHistory;
  const parsed = fileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    "The KV key policy-history does not contain a history that this version of spillway can read. Save a copy with wrangler kv key get, then delete it with wrangler kv key delete policy-history --binding POLICIES.",
  );
}
