/** Pure. JSON values and how they are read. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Whether a JSON value is an object, not an array and not null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns the text without the byte order mark that some editors and shells write first */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/**
 * Reads JSON. A byte order mark is skipped.
 * @returns undefined when the text is not JSON. The parser's message is dropped: it quotes the text.
 */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch {
    return undefined;
  }
}
