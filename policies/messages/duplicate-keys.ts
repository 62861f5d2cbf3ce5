/** Pure. Keys that a JSON text gives more than once, as sentences with the path and all places. */
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
