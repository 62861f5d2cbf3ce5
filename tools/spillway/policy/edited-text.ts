/**
 * The policy as an editor shows it: a file in a temporary folder, where the stored, relative `$schema` would lead nowhere. While it is
 * edited, `$schema` is the file URL of this checkout's schema.
 */
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { describeDuplicateKeys } from "../../../policies/messages/duplicate-keys.ts";
import { SCHEMA_FILE } from "../../../policies/versions/document.ts";

const SCHEMA_URL = new URL(`../../../${SCHEMA_FILE}`, import.meta.url).href;

/** @returns the text for the editor, with the version that it is made from. A stored text that is not a JSON object or gives a key twice is shown unchanged, so that it can be fixed. */
export function textToEdit(stored: string | null): string {
  const document = stored === null ? {} : parseJson(stored);
  if (!isObject(document) || describeDuplicateKeys(stored ?? "").length > 0) return stored ?? "";
  const { $schema: _, version = 0, ...rest } = document;
  return `${JSON.stringify({ $schema: SCHEMA_URL, version, ...rest }, null, 2)}\n`;
}

/** @returns the document to save: with the stored `$schema`, or with the one that the user wrote */
export function documentToSave(edited: JsonObject, stored: JsonObject): JsonObject {
  const { $schema, ...rest } = edited;
  const own = $schema === SCHEMA_URL ? stored["$schema"] : $schema;
  return own === undefined ? rest : { $schema: own, ...rest };
}
