/** Pure. A place in a policy as people type it (`edge.share`, `residency.rules[0].allow`, `origins["eu west"]`), read and written. */
import { shownPlace, shownValue } from "../../../policies/messages/shown.ts";
import { isObject, type Json, type JsonObject } from "../../../formats/json.ts";

const SEGMENT = /\.([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** @throws Error with one sentence when it is no path. */
export function parsePath(text: string): string[] {
  const dotted = text.startsWith("[") ? text : `.${text}`;
  const path: string[] = [];
  let at = 0;
  while (at < dotted.length) {
    SEGMENT.lastIndex = at;
    const [, key, index, quoted] = SEGMENT.exec(dotted) ?? [];
    const segment = key ?? index ?? unquoted(quoted);
    if (segment === undefined) {
      throw new Error(`"${text}" is not the name of a place; write it like edge.share or residency.rules[0].`);
    }
    path.push(segment);
    at = SEGMENT.lastIndex;
  }
  return path;
}

export function valueAt(document: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document;
  for (const key of path) at = childOf(at, key);
  return at;
}

/** A copy with the value there; objects on the way are made. @throws Error with one sentence when something else stands in the way */
export function withValueAt(document: Json, path: readonly string[], value: Json): Json {
  return changedAt(document, path, () => value, path);
}

/** A copy without what is there. */
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
  if (!Array.isArray(at)) throw new Error(`${place} is ${shownValue(at)}, which has no keys; set ${place} as a whole.`);
  const index = indexIn(key, at.length);
  if (index === null)
    throw new Error(`${place} has ${at.length} entries; name one from 0 to ${at.length} instead of ${key}.`);
  return at.toSpliced(index, 1, inner());
}

function childOf(at: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(at)) {
    const index = indexIn(key, at.length);
    return index === null ? undefined : at[index];
  }
  return isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
}

/** A computed key, so that even `__proto__` is only a key. */
function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  return { ...object, [key]: value };
}

/** One past the end appends. */
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
