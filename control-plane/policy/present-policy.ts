/** The stored policy as the control plane's root object answers it, and what a change of it results in. Plain values: they cross RPC. */
import { isObject, type JsonObject, parseJson } from "../../formats/json.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { type Entry, sha256Of } from "../../policies/versions/history.ts";
import type { VersionInForce } from "../../policies/versions/in-force.ts";
import type { PolicyState } from "../../policies/versions/repository.ts";

export interface PresentPolicy {
  /** Its name in the history, as in 7 or 7b: what a change must be based on. "0" before the first version. */
  name: string;
  /** The number that the gateway reports; null if it cannot be read. */
  version: number | null;
  /** As it is stored; null when nothing is stored, and the defaults are in force. */
  text: string | null;
  sha256: string;
  /** Why gateways that have the version in force do not accept it; empty if they do. */
  problems: readonly string[];
  /** What gateways use, and every edit starts from. */
  inForce: VersionInForce;
  /** Null for an edit outside of spillway, and when nothing is stored. */
  author: string | null;
  message: string | null;
  /** When it was saved; of an edit outside of spillway when it was first seen. Null when nothing is stored. */
  timeIso: string | null;
}

/** Who changes the policy, and why. */
export interface SavedBy {
  author: string;
  message: string | null;
}

export interface PolicyEdit extends SavedBy {
  document: JsonObject;
  /** The name of the version that the edit was made from. */
  expected: string;
  /** Of one edit: a save that is repeated with it saves nothing more. */
  key: string;
}

/** A rollback to a version of the history. */
export interface PolicyRollback extends SavedBy {
  /** The name of the version to restore. */
  to: string;
  expected: string;
  key: string;
}

export type SaveResult =
  | { is: "saved"; present: PresentPolicy }
  /** Another author saved a version since `expected`. Nothing was saved. */
  | { is: "conflict"; problem: string; present: PresentPolicy }
  /** The gateway would not accept the document. Nothing was saved. */
  | { is: "invalid"; problems: readonly string[] }
  /** KV did not confirm the write. It is repeated until it is confirmed, or another author saves a version. */
  | { is: "unconfirmed"; problem: string }
  /** Nothing was saved. */
  | { is: "refused"; problem: string };

export type CheckedText = { ok: true; document: JsonObject } | { ok: false; problems: readonly string[] };

/** Reads a document that a person wrote. @returns one sentence for each problem, with its place */
export function checkedDocument(text: string): CheckedText {
  const parsed = parsePolicy(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  const document = parseJson(text);
  return isObject(document) ? { ok: true, document } : { ok: false, problems: ["not a JSON object"] };
}

/** The stored policy of a state, which its last entry describes. */
export function presentIn({
  stored,
  history,
  inForce,
}: Pick<PolicyState, "stored" | "history" | "inForce">): PresentPolicy {
  const entry: Entry | undefined = history.entries.at(-1);
  const parsed = parsePolicy(stored ?? "{}");
  const { rejected } = inForce;
  return {
    name: entry?.name ?? "0",
    version: entry === undefined ? 0 : entry.version,
    text: stored,
    sha256: sha256Of(stored),
    problems: parsed.ok ? (rejected === null ? [] : [rejected.problem]) : parsed.problems,
    inForce,
    author: entry?.author ?? null,
    message: entry?.message ?? null,
    timeIso: entry?.timeIso ?? null,
  };
}
