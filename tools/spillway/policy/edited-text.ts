/**
 * The policy as an editor shows it: a file in a temporary folder, where the stored, relative `$schema` would lead nowhere. While it is
 * edited, `$schema` is the file URL of this checkout's schema.
 */
import type { JsonObject } from "../../../formats/json.ts";
import { documentOf, SCHEMA_FILE } from "../../../policies/versions/document.ts";

const SCHEMA_URL = new URL(`../../../${SCHEMA_FILE}`, import.meta.url).href;

/**
 * @param inForce the text in force; null for the defaults
 * @returns the text for the editor, with the version that it is made from
 */
export function textToEdit(inForce: string | null): string {
  const { $schema: _, version = 0, ...rest } = documentOf(inForce);
  return `${JSON.stringify({ $schema: SCHEMA_URL, version, ...rest }, null, 2)}\n`;
}

/** @returns the document to save: with the stored `$schema`, or with the one that the user wrote */
export function documentToSave(edited: JsonObject, stored: JsonObject): JsonObject {
  const { $schema, ...rest } = edited;
  const own = $schema === SCHEMA_URL ? stored["$schema"] : $schema;
  return own === undefined ? rest : { $schema: own, ...rest };
}
