/** Pure. Changes in words: "edge.share 10 → 25". */

import { shownPlace } from "../../../policies/messages/shown.ts";
import { defaultPolicy } from "../../../policies/parse.ts";
import type { Paint } from "../terminal/colors.ts";
import { withoutBookkeeping } from "./document.ts";
import { type Entry, isDeletion } from "./history.ts";
import { isObject, type Json, type JsonObject, parseJson } from "../../../formats/json.ts";
import { valueAt } from "./path.ts";

const IN_SHORT_MAX = 2;
const VALUE_IN_SHORT_MAX = 32;

export interface ChangeText {
  place: string;
  before: string;
  after: string;
}

export function changeTexts(changes: readonly Difference[]): ChangeText[] {
  const defaults: Json = JSON.parse(JSON.stringify(defaultPolicy()));
  const shown = (path: string[], value: Json | undefined) => {
    if (value !== undefined) return JSON.stringify(value);
    const fallback = valueAt(defaults, path);
    return fallback === undefined ? "not set" : `${JSON.stringify(fallback)} (default)`;
  };
  return changes.map(({ path, before, after }) => ({
    place: shownPlace(path),
    before: shown(path, before),
    after: shown(path, after),
  }));
}

/** What an entry changed against the one before it, in one line. */
export function changesInShort(entry: Entry, before: Entry | undefined): string {
  if (isDeletion(entry)) return "the key was deleted: the defaults serve";
  if (entry.text === null) return "too large to be kept";
  const after = comparable(entry);
  if (after === null) return "not a JSON object";
  // What was in force before the first, and in place of one too large to be kept, is not known better than the defaults.
  const base = before === undefined ? {} : (comparable(before) ?? {});
  const changes = changeTexts(differences(base, after));
  if (changes.length === 0) return "the same as was in force";
  const short = (text: string) =>
    text.length > VALUE_IN_SHORT_MAX ? `${text.slice(0, VALUE_IN_SHORT_MAX - 1)}…` : text;
  const told = changes
    .slice(0, IN_SHORT_MAX)
    .map((change) => `${change.place} ${short(change.before)} → ${short(change.after)}`);
  const untold = changes.length - told.length;
  return [...told, ...(untold > 0 ? [`${untold} more`] : [])].join(", ");
}

/** What of an entry's document an edit can change; null where it is no JSON object. */
export function comparable(entry: Entry): JsonObject | null {
  if (isDeletion(entry)) return {};
  const document = entry.text === null ? undefined : parseJson(entry.text);
  return isObject(document) ? withoutBookkeeping(document) : null;
}

/** Pure. What changed between two documents, place by place. */

export interface Difference {
  path: string[];
  /** Undefined where it was not set. */
  before: Json | undefined;
  after: Json | undefined;
}

/** In the order of the later document; what it no longer has comes last. */
export function differences(before: Json | undefined, after: Json | undefined, path: string[] = []): Difference[] {
  const [left, right] = [entriesOf(before), entriesOf(after)];
  const comparable = Array.isArray(before) === Array.isArray(after);
  if (left !== null && right !== null && comparable) {
    const keys = new Set([...right.keys(), ...left.keys()]);
    return [...keys].flatMap((key) => differences(left.get(key), right.get(key), [...path, key]));
  }
  // An object that came or went as a whole is told key by key too.
  if (before === undefined && right !== null && right.size > 0) return differences(emptyLike(after), after, path);
  if (after === undefined && left !== null && left.size > 0) return differences(before, emptyLike(before), path);
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function entriesOf(value: Json | undefined): Map<string, Json> | null {
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item]));
  return isObject(value) ? new Map(Object.entries(value)) : null;
}

const emptyLike = (value: Json | undefined): Json => (Array.isArray(value) ? [] : {});

/** Changes for people: one line each, in columns. */

export function changeLines(changes: readonly Difference[], paint: Paint): string[] {
  const texts = changeTexts(changes);
  const placeWidth = Math.max(0, ...texts.map(({ place }) => place.length));
  const beforeWidth = Math.min(40, Math.max(0, ...texts.map(({ before }) => before.length)));
  return texts.map(
    ({ place, before, after }) =>
      `${place.padEnd(placeWidth)}  ${paint("red", before.padEnd(beforeWidth))} → ${paint("green", after)}`,
  );
}
