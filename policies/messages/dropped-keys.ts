/** Pure. Keys that zod leaves out of a list of names in silence, as sentences with their path. */
import { isObject, type Json } from "../../formats/json.ts";
import { shownPlace } from "./shown.ts";

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
