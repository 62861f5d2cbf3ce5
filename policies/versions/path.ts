/** Pure. A path in a policy, such as `edge.share`, `residency.rules[0].allow` or `origins["eu west"]`: parsed, read and written. */

import { isObject, type Json, type JsonObject } from "../../formats/json.ts";
import { shownPlace, shownValue } from "../messages/shown.ts";

const SEGMENT = /\.([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** @throws Error with one sentence when the text is not a path */
export function parsePath(text: string): string[] {
  const dotted = text.startsWith("[") ? text : `.${text}`;
  const path: string[] = [];
  let at = 0;
  while (at < dotted.length) {
    SEGMENT.lastIndex = at;
    const [, key, index, quoted] = SEGMENT.exec(dotted) ?? [];
    const segment = key ?? index ?? unquoted(quoted);
    if (segment === undefined) {
      throw new Error(`"${text}" is not a path; write it like edge.share or residency.rules[0].`);
    }
    path.push(segment);
    at = SEGMENT.lastIndex;
  }
  return path;
}

/** @returns undefined when the document has no such value */
export function valueAt(document: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document;
  for (const key of path) at = childOf(at, key);
  return at;
}

/**
 * @returns a copy with the value at the path; missing objects on the path are created
 * @throws Error with one sentence when a part of the path is neither an object nor a list
 */
export function withValueAt(document: Json, path: readonly string[], value: Json): Json {
  return changedAt(document, path, () => value, path);
}

/** @returns a copy without the value at the path */
export function withoutValueAt(document: Json, path: readonly string[]): Json {
  if (valueAt(document, path) === undefined) return document;
  const parent = path.slice(0, -1);
  const last = path.at(-1) ?? "";
  const removed = (at: Json | undefined): Json => {
    if (Array.isArray(at)) return at.filter((_, index) => index !== Number(last));
    return Object.fromEntries(Object.entries(isObject(at) ? at : {}).filter(([key]) => key !== last));
  };
  return changedAt(document, parent, removed, path);
}

function changedAt(
  at: Json | undefined,
  path: readonly string[],
  change: (old: Json | undefined) => Json,
  whole: readonly string[],
): Json {
  const [key, ...rest] = path;
  if (key === undefined) return change(at);
  const inner = () => changedAt(childOf(at, key), rest, change, whole);
  if (at === undefined) return withKey({}, key, inner());
  if (isObject(at)) return withKey(at, key, inner());
  const place = shownPlace(whole.slice(0, whole.length - path.length));
  if (!Array.isArray(at)) throw new Error(`${place} is ${shownValue(at)}, which has no keys; set ${place} instead.`);
  const index = indexIn(key, at.length);
  if (index === null)
    throw new Error(`${place} has ${at.length} entries; use an index from 0 to ${at.length} instead of ${key}.`);
  return at.toSpliced(index, 1, inner());
}

function childOf(at: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(at)) {
    const index = indexIn(key, at.length);
    return index === null ? undefined : at[index];
  }
  return isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
}

/** A computed key, so that `__proto__` is an ordinary key. */
function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  return { ...object, [key]: value };
}

/** An index one past the end appends. */
function indexIn(key: string, length: number): number | null {
  return /^\d+$/.test(key) && Number(key) <= length ? Number(key) : null;
}

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}
