/** Pure. How deep a JSON text nests and how many values it has, before anything is built from it. One pass, no recursion. */
import { endOfString } from "../../formats/json-keys.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

export interface StructureLimits {
  /** Levels of arrays and objects. */
  depth: number;
  /** Items of all arrays and keys of all objects, with the arrays and objects themselves. */
  values: number;
}

/** @returns the limit that the text exceeds first; null if it exceeds none. For text that is not JSON the result has no meaning. */
export function exceededLimit(text: string, { depth, values }: StructureLimits): keyof StructureLimits | null {
  let level = 0;
  let counted = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_BRACE || code === OPEN_BRACKET || code === COMMA) {
      // An array or object and its first item; each comma is one more item.
      counted += 1;
      if (counted > values) return "values";
      if (code === COMMA) continue;
      level += 1;
      if (level > depth) return "depth";
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) level -= 1;
  }
  return null;
}
