/** Pure. The place where a text stops being JSON. The engine's message is not used: it quotes the text, which may contain a secret. */

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Expecting = "a value" | "a value or ]" | "a key or }" | "a key" | ":" | ", or }" | ", or ]" | "the end";

export interface JsonPlace {
  /** Counted from 1, as `column`. */
  line: number;
  column: number;
  /** The character at the place; null at the end of the text. */
  found: string | null;
  expected: Expecting;
}

/** @returns null when the whole text is JSON. No recursion, so that no nesting is too deep. */
export function whereJsonBreaks(text: string): JsonPlace | null {
  const open: ("{" | "[")[] = [];
  const afterValue = (): Expecting => (open.at(-1) === "{" ? ", or }" : open.at(-1) === "[" ? ", or ]" : "the end");
  let expected: Expecting = "a value";
  let at = 0;
  /** Skips what the pattern matches at this position. */
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  for (;;) {
    skip(SPACE);
    const found = text[at];
    if (expected === "the end" && found === undefined) return null;
    if (expected.startsWith("a value") && (found === "{" || found === "[")) {
      open.push(found);
      at += 1;
      expected = found === "{" ? "a key or }" : "a value or ]";
    } else if (found !== undefined && "]}".includes(found) && expected.endsWith(found)) {
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (expected.startsWith(",") && found === ",") {
      at += 1;
      expected = open.at(-1) === "{" ? "a key" : "a value";
    } else if (expected === ":" && found === ":") {
      at += 1;
      expected = "a value";
    } else if (expected.startsWith("a key") && skip(STRING)) expected = ":";
    else if (expected.startsWith("a value") && (skip(STRING) || skip(LITERAL))) expected = afterValue();
    else return { ...lineAndColumn(text, at), found: found ?? null, expected };
  }
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** @returns for example `expected a key at line 3, column 5, found "}"`, for a text that is not JSON */
export function describeJsonPlace(text: string): string {
  const place = whereJsonBreaks(text);
  if (place === null) return "the text cannot be read";
  const { line, column, expected } = place;
  const found = place.found === null ? "the end of the text" : JSON.stringify(place.found);
  return `expected ${expected} at line ${line}, column ${column}, found ${found}`;
}
