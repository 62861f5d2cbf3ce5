/** Pure. The differences of two policy documents, and their texts: "edge.share 10 → 25". */
import { isObject, type Json, type JsonObject, parseJson } from "../../formats/json.ts";
import { shownPlace } from "../messages/shown.ts";
import { defaultPolicy } from "../parse.ts";
import { isPlainList, listSentence, residencySentences } from "./change-sentences.ts";
import { withoutMetadata } from "./document.ts";
import { type Entry, isDeletion } from "./history.ts";
import { valueAt } from "./path.ts";

const MAX_SUMMARY_CHANGES = 2;
const MAX_SUMMARY_VALUE_LENGTH = 32;

export interface Difference {
  path: string[];
  /** Undefined when it was not set. */
  before: Json | undefined;
  after: Json | undefined;
}

/** @returns the differences in the order of the later document; removed values are last. A list of texts or numbers is one value */
export function differences(before: Json | undefined, after: Json | undefined, path: string[] = []): Difference[] {
  const [left, right] = [entriesOf(before), entriesOf(after)];
  const comparable = Array.isArray(before) === Array.isArray(after);
  if (left !== null && right !== null && comparable) {
    const keys = new Set([...right.keys(), ...left.keys()]);
    return [...keys].flatMap((key) => differences(left.get(key), right.get(key), [...path, key]));
  }
  // An object that was added or removed as a whole is listed key by key too.
  if (before === undefined && right !== null && right.size > 0) return differences(emptyLike(after), after, path);
  if (after === undefined && left !== null && left.size > 0) return differences(before, emptyLike(before), path);
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

function entriesOf(value: Json | undefined): Map<string, Json> | null {
  if (isPlainList(value) && value.length > 0) return null;
  if (Array.isArray(value)) return new Map(value.map((item, index) => [String(index), item]));
  return isObject(value) ? new Map(Object.entries(value)) : null;
}

const emptyLike = (value: Json | undefined): Json => (Array.isArray(value) ? [] : {});

/** A value with its place, or a sentence for residency rules and lists. */
export type Change =
  | { kind: "value"; place: string; before: string; after: string }
  | { kind: "residency" | "list"; sentence: string };

/** @returns what a document changes, residency first; a value that is not set is compared with its default */
export function changesOf(before: JsonObject, after: JsonObject): Change[] {
  const defaults: Json = JSON.parse(JSON.stringify(defaultPolicy()));
  const found = differences(before, after);
  const changesIn = (isResidency: boolean) =>
    found
      .filter(({ path }) => (path[0] === "residency") === isResidency)
      .map(({ path, ...values }) => changeOf(path, values, valueAt(defaults, path)));
  const sentences =
    residencySentences(before["residency"], after["residency"]) ?? changesIn(true).map((change) => lineOf(change));
  return [...sentences.map((sentence) => ({ kind: "residency" as const, sentence })), ...changesIn(false)];
}

function lineOf(change: Change, short = (text: string) => text): string {
  return change.kind === "value" ? `${change.place} ${short(change.before)} → ${short(change.after)}` : change.sentence;
}

function changeOf(path: string[], { before, after }: Omit<Difference, "path">, fallback: Json | undefined): Change {
  const place = shownPlace(path);
  const [left, right] = [before ?? fallback, after ?? fallback];
  if (isPlainList(left) && isPlainList(right)) return { kind: "list", sentence: listSentence(place, left, right) };
  const shown = (value: Json | undefined) => {
    if (value !== undefined) return JSON.stringify(value);
    return fallback === undefined ? "not set" : `${JSON.stringify(fallback)} (default)`;
  };
  return { kind: "value", place, before: shown(before), after: shown(after) };
}

/**
 * @param before the entry that was in force
 * @returns what an entry changed, in lines: each change of residency, then the first of the others and how many more there are
 */
export function summaryLines(entry: Entry, before: Entry | undefined): string[] {
  if (isDeletion(entry)) return ["the key was deleted: the defaults are in force", ...residencyLines(before, {})];
  if (entry.text === null) return ["too large for the history"];
  const after = comparable(entry);
  if (after === null) return ["not a JSON object"];
  // The first entry, and one after an entry that is too large, are compared with the defaults.
  const changes = changesOf(documentBefore(before), after);
  if (changes.length === 0) return ["no change"];
  const others = changes.filter(({ kind }) => kind !== "residency");
  const shown = others.slice(0, MAX_SUMMARY_CHANGES);
  const short = (text: string) =>
    text.length > MAX_SUMMARY_VALUE_LENGTH ? `${text.slice(0, MAX_SUMMARY_VALUE_LENGTH - 1)}…` : text;
  const linesOf = (kind: Change["kind"], list: readonly Change[]) =>
    list.filter((change) => change.kind === kind).map((change) => lineOf(change, short));
  const more = others.length - shown.length;
  const values = [...linesOf("value", shown), ...(more > 0 ? [`${more} more`] : [])];
  return [
    ...linesOf("residency", changes),
    ...linesOf("list", shown),
    ...(values.length > 0 ? [values.join(", ")] : []),
  ];
}

function residencyLines(before: Entry | undefined, after: JsonObject): string[] {
  return changesOf(documentBefore(before), after).flatMap((change) =>
    change.kind === "residency" ? [change.sentence] : [],
  );
}

function documentBefore(before: Entry | undefined): JsonObject {
  return before === undefined ? {} : (comparable(before) ?? {});
}

/** @returns the part of an entry's document that users edit; null when it is not a JSON object */
export function comparable(entry: Entry): JsonObject | null {
  if (isDeletion(entry)) return {};
  const document = entry.text === null ? undefined : parseJson(entry.text);
  return isObject(document) ? withoutMetadata(document) : null;
}
