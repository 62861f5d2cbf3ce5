/**
 * The policy as it lies before an editor: in a folder of its own, from where the stored, relative `$schema` leads nowhere. While
 * it is edited it names this checkout's schema by a file URL; what is stored keeps its own.
 */
import { isObject, type JsonObject, parseJson } from "../../../formats/json.ts";
import { SCHEMA_FILE } from "./json-schema.ts";

const SCHEMA_URL = new URL(`../../../${SCHEMA_FILE}`, import.meta.url).href;

/** What is no JSON object is shown as it is, to be mended. */
export function textToEdit(stored: string | null): string {
  const document = stored === null ? {} : parseJson(stored);
  if (!isObject(document)) return stored ?? "";
  const { $schema: _, ...rest } = document;
  return `${JSON.stringify({ $schema: SCHEMA_URL, ...rest }, null, 2)}\n`;
}

/** The document that was meant, with the stored one's `$schema`, or with another where the editor's user wrote one. */
export function documentMeant(edited: JsonObject, stored: JsonObject): JsonObject {
  const { $schema, ...rest } = edited;
  const own = $schema === SCHEMA_URL ? stored["$schema"] : $schema;
  return own === undefined ? rest : { $schema: own, ...rest };
}
