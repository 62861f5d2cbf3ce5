/** Pure. Keys that a JSON text gives more than once in one object. `JSON.parse` keeps the last one and drops the others in silence. */

const [QUOTE, BACKSLASH, COMMA, COLON, NEWLINE] = [0x22, 0x5c, 0x2c, 0x3a, 0x0a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

export interface DuplicateKey {
  /** From the document to the key; an index in a list. */
  path: (string | number)[];
  /** Where the key stands, two or more, in order. Lines and columns count from 1. */
  places: { line: number; column: number }[];
}

/** An object or a list that is open at the position of the scan. */
interface Open {
  /** Null for a list. */
  keys: Map<string, DuplicateKey["places"]> | null;
  /** The key or the index of the value that is read. */
  at: string | number;
}

/**
 * One pass, no recursion.
 * @param text JSON. For other text the result has no meaning.
 * @param maxDepth objects that are nested deeper are not checked; the document has depth 1
 * @returns one entry for each key, in the order of the second places
 */
export function duplicateKeys(text: string, maxDepth = Number.POSITIVE_INFINITY): DuplicateKey[] {
  const found: DuplicateKey[] = [];
  const open: Open[] = [];
  let line = 1;
  let lineStart = 0;
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const inner = open.at(-1);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isKeyNext && inner?.keys && open.length <= maxDepth) {
        inner.at = String(JSON.parse(text.slice(at, end + 1)));
        const places = inner.keys.get(inner.at) ?? [];
        places.push({ line, column: at - lineStart + 1 });
        inner.keys.set(inner.at, places);
        if (places.length === 2) found.push({ path: open.map(({ at }) => at), places });
      }
      at = end;
    } else if (code === NEWLINE) {
      line += 1;
      lineStart = at + 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      open.push(code === OPEN_BRACE ? { keys: new Map(), at: "" } : { keys: null, at: 0 });
      isKeyNext = code === OPEN_BRACE;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      open.pop();
      isKeyNext = false;
    } else if (code === COLON) isKeyNext = false;
    else if (code === COMMA && inner !== undefined) {
      isKeyNext = inner.keys !== null;
      if (typeof inner.at === "number") inner.at += 1;
    }
  }
  return found;
}

/** @returns the position of the string's closing quote; the end of the text when there is none */
export function endOfString(text: string, opening: number): number {
  let at = opening + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) break;
  }
  return at;
}
