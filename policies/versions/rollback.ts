/** Pure. The document of an earlier version, to be saved as a new version. */
import { isObject, type JsonObject, parseJson } from "../../formats/json.ts";
import { parsePolicy } from "../parse.ts";
import { differences } from "./changes.ts";
import { documentOf, withoutMetadata } from "./document.ts";
import { type Entry, entryNamed, isDeletion } from "./history.ts";
import type { PolicyState } from "./repository.ts";

/** The history does not contain what was in force before its oldest version; most likely the defaults. */
const OR_UNSET = ", or restore a default with spillway policy unset <path>";

/**
 * @returns the document to save, or a sentence when it would change nothing
 * @throws Error with one sentence when there is no such version, or the gateway would reject it
 */
export function rollbackTo(
  { inForce, history }: Pick<PolicyState, "inForce" | "history">,
  name: string,
): JsonObject | string {
  const entry = entryNamed(history, name, OR_UNSET);
  const document = documentIn(entry);
  // What is in force already replaces a stored version that is rejected.
  if (inForce.rejected !== null || !isSame(inForce.text, document)) return document;
  if (entry === history.entries.at(-1)) {
    return `Version ${name} is the stored version. Nothing was saved. Run spillway policy history for earlier versions${OR_UNSET}.`;
  }
  return `The stored policy is the same as version ${name}. Nothing was saved.`;
}

function documentIn(entry: Entry): JsonObject {
  if (isDeletion(entry)) return {};
  const next = "choose another version from spillway policy history";
  if (entry.text === null) throw new Error(`Version ${entry.name} was too large for the history; ${next}.`);
  const parsed = parsePolicy(entry.text);
  if (!parsed.ok) throw new Error(`Version ${entry.name} does not parse (${parsed.problem}); ${next}.`);
  return documentOf(entry.text);
}

function isSame(stored: string | null, document: JsonObject): boolean {
  const now = stored === null ? {} : parseJson(stored);
  return isObject(now) && differences(withoutMetadata(now), withoutMetadata(document)).length === 0;
}
