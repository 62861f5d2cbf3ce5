/** Pure. A policy document as it is stored: first `$schema` and `version`, which the spillway command writes. */
import { isObject, type Json, type JsonObject, parseJson } from "../../formats/json.ts";
import { describeDuplicateKeys } from "../messages/duplicate-keys.ts";

/** The policy's JSON Schema, as a path in the checkout. Also the default `$schema` of a stored policy. */
export const SCHEMA_FILE = "policies/policy.schema.json";

/** @returns the version that the gateway would report in x-spillway-policy; null when it cannot be read */
export function versionOf(text: string | null): number | null {
  if (text === null) return 0;
  const document = parseJson(text);
  if (!isObject(document)) return null;
  const { version } = document;
  if (version === undefined) return 0;
  return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : null;
}

/** @returns the text to store. A `$schema` of the document is kept. */
export function storedText(document: JsonObject, version: number): string {
  const { $schema = SCHEMA_FILE, version: _, ...rest } = document;
  return `${JSON.stringify({ $schema, version, ...rest }, null, 2)}\n`;
}

/** @returns the document without `$schema` and `version`: the part that users edit */
export function withoutMetadata(document: JsonObject): JsonObject {
  const { $schema: _, version: __, ...rest } = document;
  return rest;
}

/**
 * @param text null when nothing is stored
 * @returns the document, to be read or changed key by key
 * @throws Error with one sentence when the text is not a JSON object, or gives a key twice: one of its values would be lost
 */
export function documentOf(text: string | null): JsonObject {
  const document: Json | undefined = text === null ? {} : parseJson(text);
  const [duplicate] = text !== null && isObject(document) ? describeDuplicateKeys(text) : [];
  const next = "Print it whole with spillway policy get";
  if (duplicate !== undefined) throw new Error(`The policy cannot be read key by key: ${duplicate}. ${next}.`);
  if (isObject(document)) return document;
  throw new Error(`The policy is not a JSON object, so it has no keys. ${next}.`);
}
