/** Pure. Keys that the parsed document would lose in silence, as sentences: those given more than once, and a name that zod drops. */
import { isObject, type Json } from "../../formats/json.ts";
import { type DuplicateKey, duplicateKeys } from "../../formats/json-keys.ts";
import { shownPlace } from "./shown.ts";

const MAX_PLACES_SHOWN = 4;

/**
 * @param text JSON
 * @returns for example "edge.share: the key is given twice, at line 3, column 5 and at line 9, column 5; remove one"
 */
export function describeDuplicateKeys(text: string): string[] {
  return duplicateKeys(text).map(describe);
}

function describe({ path, places }: DuplicateKey): string {
  const shown = places.slice(0, MAX_PLACES_SHOWN).map(({ line, column }) => `at line ${line}, column ${column}`);
  const more = places.length - shown.length;
  const all = [...shown, ...(more > 0 ? [`${more} more places`] : [])];
  const list = `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
  const isTwo = places.length === 2;
  return `${shownPlace(path)}: the key is given ${isTwo ? "twice" : `${places.length} times`}, ${list}; remove ${isTwo ? "one" : "all but one"}`;
}

/** JavaScript has another meaning for it, so zod's records skip it. Where the schema lists the keys, it is refused as unknown. */
const DROPPED = "__proto__";

interface Place {
  path: PropertyKey[];
  value: Json;
}

/** @returns for example "origins.__proto__: this name is not allowed; use another one" */
export function describeDroppedKeys(document: Json): string[] {
  const sentences: string[] = [];
  const places: Place[] = [{ path: [], value: document }];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { path, value } = place;
    if (isObject(value) && Object.hasOwn(value, DROPPED))
      sentences.push(`${shownPlace([...path, DROPPED])}: this name is not allowed; use another one`);
    const inside = typeof value === "object" && value !== null ? Object.entries(value) : [];
    for (const [key, one] of inside) places.push({ path: [...path, key], value: one });
  }
  return sentences;
}
