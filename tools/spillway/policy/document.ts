/** Pure. A policy document as it is stored: `$schema` and `version` first, which spillway itself keeps. */
import { isObject, type Json, type JsonObject, parseJson } from "../../../formats/json.ts";
import { SCHEMA_FILE } from "./json-schema.ts";

/** As the gateway would report it in x-spillway-policy; null where it cannot be read. */
export function versionOf(text: string | null): number | null {
  if (text === null) return 0;
  const document = parseJson(text);
  if (!isObject(document)) return null;
  const { version } = document;
  if (version === undefined) return 0;
  return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : null;
}

/** The text to store. The document keeps a `$schema` of its own. */
export function storedText(document: JsonObject, version: number): string {
  const { $schema = SCHEMA_FILE, version: _, ...rest } = document;
  return `${JSON.stringify({ $schema, version, ...rest }, null, 2)}\n`;
}

/** What an edit can change. */
export function withoutBookkeeping(document: JsonObject): JsonObject {
  const { $schema: _, version: __, ...rest } = document;
  return rest;
}

/** The document to change. @throws Error with one sentence when the stored text is no JSON object */
export function documentOf(text: string | null): JsonObject {
  const document: Json | undefined = text === null ? {} : parseJson(text);
  if (isObject(document)) return document;
  throw new Error(
    "The stored policy is not a JSON object, so no single key of it can be changed; mend it with spillway policy edit, or go back with spillway policy rollback <version>.",
  );
}
