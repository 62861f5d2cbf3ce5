/** Structure-aware changes of valid JSON documents, for the fuzzers of formats. A failure shrinks to few changes. */
import fc from "fast-check";
import { isObject, type Json } from "../../formats/json.ts";

/** Values that a document may have in the wrong place, as JSON texts: some are JSON, and no value of JavaScript is written so. */
const ODD_VALUES = [
  ...["null", "true", "0", "-0", "-1", "0.5", "1e400", "-1e400", "1e-400", "9007199254740993", "9".repeat(400)],
  ...['""', '"a"', '"0"', '"\\ud800"', '"\\u0000"', '"__proto__"', '"../a"', "[]", "[[]]", "{}", '{"a":1}'],
  ...[`"${"x".repeat(5000)}"`, "[".repeat(300) + "]".repeat(300), `[${"1,".repeat(3000)}1]`, "undefined", "NaN", "01"],
];
const ODD_KEYS = ["__proto__", "constructor", "toString", "then", "", " ", "\ud800", "unknown"];
const ODD_CHARACTERS = ["\u0000", "\u2028", "\ud800", "é", "😀", "/", "\\", '"', ".", "=", "0", "A"];
const KINDS = ["remove", "odd", "repeat", "rename", "extra", "swap", "edit", "wrap", "fill"] as const;
const MAX_FILL = 400;

interface Change {
  kind: (typeof KINDS)[number];
  /** Selects the value that is changed. */
  at: number;
  /** Selects what it becomes. */
  pick: number;
}

interface TextChange {
  kind: "none" | "cut" | "insert" | "replace" | "mark" | "blanks";
  at: number;
  pick: number;
}

/** Marks in a value what the text has instead: raw JSON, or a key that the object has already. */
const RAW = "@raw:";
const SAME_KEY = "@same@";

const changes = fc.array(fc.record({ kind: fc.constantFrom(...KINDS), at: fc.nat(1e6), pick: fc.nat(1e6) }), {
  maxLength: 3,
});
const textKinds = fc.constantFrom("none", "none", "none", "none", "cut", "insert", "replace", "mark", "blanks");
const textChange: fc.Arbitrary<TextChange> = fc.record({ kind: textKinds, at: fc.nat(1e6), pick: fc.nat(1e6) });

/** A document, its text after up to three changes of its values and one of its text, and whether there was none. */
export interface ChangedDocument<Document> {
  document: Document;
  text: string;
  isUnchanged: boolean;
}

/**
 * @param documents valid ones
 * @param jsonOf the JSON value of a document
 */
export function changedJson<Document>(
  documents: readonly Document[],
  jsonOf: (document: Document) => unknown,
): fc.Arbitrary<ChangedDocument<Document>> {
  const texts = new Map(documents.map((document) => [document, JSON.stringify(jsonOf(document))]));
  return fc.tuple(fc.constantFrom(...documents), changes, textChange).map(([document, ofValue, ofText]) => {
    const root: { document: Json } = { document: JSON.parse(texts.get(document) ?? "") };
    for (const change of ofValue) apply(root, change);
    const text = changeText(textOf(root.document), ofText);
    return { document, text, isUnchanged: ofValue.length === 0 && ofText.kind === "none" };
  });
}

interface Place {
  parent: Json[] | { [key: string]: Json };
  key: string | number;
}

/** Every value of the document, the outermost first. */
function placesIn(parent: Place["parent"], places: Place[] = []): Place[] {
  const keys = Array.isArray(parent) ? parent.keys() : Object.keys(parent);
  for (const key of keys) {
    places.push({ parent, key });
    const value = valueAt({ parent, key });
    if (typeof value === "object" && value !== null) placesIn(value, places);
  }
  return places;
}

function valueAt({ parent, key }: Place): Json | undefined {
  return Array.isArray(parent) ? parent[Number(key)] : parent[key];
}

function setAt({ parent, key }: Place, value: Json): void {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  // Not an assignment, which would set the prototype for one of the keys.
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

const oneOf = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];
const odd = (pick: number) => `${RAW}${pick % ODD_VALUES.length}@`;

function apply(root: { document: Json }, { kind, at, pick }: Change): void {
  const places = placesIn(root);
  const place = oneOf(places, at);
  if (place === undefined) return;
  const value = valueAt(place) ?? null;
  const { parent, key } = place;
  if (kind === "remove") {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (parent !== root) delete parent[key];
  } else if (kind === "odd") {
    setAt(place, odd(pick));
  } else if (kind === "swap") {
    // Often a neighbour: a list has a value twice, a field its neighbour's.
    const neighbours = pick % 2 === 0 ? places : places.filter((one) => one.parent === place.parent);
    const other = oneOf(neighbours, pick >> 1);
    setAt(place, structuredClone((other && valueAt(other)) ?? null));
  } else if (kind === "wrap") {
    setAt(place, pick % 2 === 0 ? [value] : { a: value });
  } else if (kind === "edit") {
    setAt(place, edited(value, pick));
  } else if (kind === "fill") {
    setAt(place, filled(value, pick % MAX_FILL));
  } else if (kind === "extra") {
    if (Array.isArray(value)) value.splice(pick % (value.length + 1), 0, odd(pick));
    else if (isObject(value)) setAt({ parent: value, key: oneOf(ODD_KEYS, pick) ?? "" }, odd(pick >> 4));
  } else if (Array.isArray(parent)) {
    if (kind === "repeat") parent.splice(Number(key), 0, structuredClone(value));
  } else if (parent !== root) {
    const isSame = kind === "repeat";
    setAt({ parent, key: isSame ? `${SAME_KEY}${key}` : (oneOf(ODD_KEYS, pick) ?? "") }, isSame ? odd(pick) : value);
    if (!isSame) delete parent[key];
  }
}

function edited(value: Json, pick: number): Json {
  if (typeof value === "string") {
    const at = pick % (value.length + 1);
    const inserted = oneOf(ODD_CHARACTERS, pick >> 3) ?? "";
    return value.slice(0, at) + inserted + value.slice(at + (pick % 3));
  }
  if (typeof value === "number") return oneOf([value + 1, value - 1, -value, value * 1e6, value + 0.5], pick) ?? 0;
  return typeof value === "boolean" ? !value : value;
}

function filled(value: Json, times: number): Json {
  if (typeof value === "string") return value.repeat(times);
  if (!Array.isArray(value)) return value;
  return Array.from({ length: times }, () => structuredClone(value[0] ?? null));
}

function textOf(document: Json): string {
  return JSON.stringify(document)
    .replaceAll(new RegExp(`"${RAW}(\\d+)@"`, "g"), (_, index) => ODD_VALUES[Number(index)] ?? "")
    .replaceAll(`"${SAME_KEY}`, '"');
}

function changeText(text: string, { kind, at, pick }: TextChange): string {
  const index = at % (text.length + 1);
  const character = oneOf(ODD_CHARACTERS, pick) ?? "";
  if (kind === "cut") return text.slice(0, index);
  if (kind === "insert") return text.slice(0, index) + character + text.slice(index);
  if (kind === "replace") return text.slice(0, index) + character + text.slice(index + 1);
  if (kind === "mark") return `\ufeff${text}`;
  return kind === "blanks" ? `${" ".repeat(pick % 70_000)}${text}\n` : text;
}
