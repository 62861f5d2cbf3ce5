/** Pure. What changed between two documents, place by place. */
import { isObject, type Json } from "./json.ts";

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
