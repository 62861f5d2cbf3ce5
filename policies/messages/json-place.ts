/** Pure. Where a text stops being JSON. The engine's own message quotes the text around it, which may hold an address. */

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Expecting = "a value" | "a value or ]" | "a key or }" | "a key" | ":" | ", or }" | ", or ]" | "the end";

export interface JsonPlace {
  line: number;
  column: number;
  /** The character there; null at the end of the text. */
  saw: string | null;
  expected: Expecting;
}

/** Null when all of it is JSON. Needs no recursion, so no depth of a text is too much for it. */
export function whereJsonBreaks(text: string): JsonPlace | null {
  const open: ("{" | "[")[] = [];
  const afterValue = (): Expecting => (open.at(-1) === "{" ? ", or }" : open.at(-1) === "[" ? ", or ]" : "the end");
  let expected: Expecting = "a value";
  let at = 0;
  /** Moves over what the pattern matches here. */
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  for (;;) {
    take(SPACE);
    const saw = text[at];
    if (expected === "the end" && saw === undefined) return null;
    if (expected.startsWith("a value") && (saw === "{" || saw === "[")) {
      open.push(saw);
      at += 1;
      expected = saw === "{" ? "a key or }" : "a value or ]";
    } else if (saw !== undefined && "]}".includes(saw) && expected.endsWith(saw)) {
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (expected.startsWith(",") && saw === ",") {
      at += 1;
      expected = open.at(-1) === "{" ? "a key" : "a value";
    } else if (expected === ":" && saw === ":") {
      at += 1;
      expected = "a value";
    } else if (expected.startsWith("a key") && take(STRING)) expected = ":";
    else if (expected.startsWith("a value") && (take(STRING) || take(LITERAL))) expected = afterValue();
    else return { ...lineAndColumn(text, at), saw: saw ?? null, expected };
  }
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
