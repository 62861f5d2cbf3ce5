/** A JSON text in pieces: how deep it nests, how much it has, and its short form, without building it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonBounds, JsonFilter } from "../../../formats/json-filter.ts";

const LARGE = Number.MAX_SAFE_INTEGER;
const NO_BOUNDS: JsonBounds = {
  depth: LARGE,
  values: LARGE,
  strings: LARGE,
  stringBytes: LARGE,
  longStrings: "mark",
  shortFormBytes: LARGE,
};

/** The filter after a text that arrives in pieces of at most so many bytes. */
function filtered(text: string | Uint8Array, bounds: Partial<JsonBounds> = {}, pieceBytes = 7): JsonFilter {
  const filter = new JsonFilter({ ...NO_BOUNDS, ...bounds });
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length && filter.add(bytes.slice(at, at + pieceBytes)); at += pieceBytes);
  return filter;
}
const shortForm = (filter: JsonFilter) => new TextDecoder().decode(filter.bytes);
const nestsDeeper = (text: string, depth: number) => filtered(text, { depth }).exceeded === "depth";
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("the depth of a text", () => {
  it.each([
    [nested(16), false],
    [nested(17), true],
    ["[".repeat(17), true],
    [`${'{"a":'.repeat(17)}1${"}".repeat(17)}`, true],
    [`{"inputs": ${JSON.stringify("[".repeat(100))}}`, false],
    [`{"inputs": ${JSON.stringify(`\\"${"[".repeat(100)}`)}}`, false],
    [`["\\\\",${nested(16)}]`, true],
    [`[${"[],".repeat(1000)}[]]`, false],
    [`"${"[".repeat(100)}`, false],
    ["", false],
    ['"\\', false],
  ])("%s", (text, expected) => {
    expect(nestsDeeper(text, 16)).toBe(expected);
  });

  it("agrees with what JSON.parse builds", () => {
    const depth = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.nat(8), (text, most) => {
        expect(nestsDeeper(text, most)).toBe(depth(JSON.parse(text)) > most);
      }),
    );
  });
});

describe("the values of a text", () => {
  const hasMore = (text: string, values: number) => filtered(text, { values }).exceeded === "values";

  it.each([
    ["[1,2,3]", 3],
    ['{"a":1,"b":[]}', 3],
    ["[[],[],[]]", 6],
    ["[{},{}]", 4],
    ['["a,b,c","[{,"]', 2],
    ['"a,b"', 0],
  ])("%s has %i", (text, count) => {
    expect([hasMore(text, count - 1), hasMore(text, count)]).toEqual([count > 0, false]);
  });

  it("are never fewer than the items and keys that JSON.parse builds", () => {
    const built = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce<number>((sum, item) => sum + built(item), Math.max(1, Object.keys(value).length))
        : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const count = built(JSON.parse(text));
        expect(hasMore(text, count - 1)).toBe(count > 0);
      }),
    );
  });
});

describe("the short form of a text", () => {
  const json = fc.json({ maxDepth: 5, stringUnit: "binary" });
  const blanks = fc.constantFrom("", " ", "  \n\t", "\r\n".repeat(9));

  it("has the same value, in whatever pieces the text arrives, without runs of blanks", () => {
    fc.assert(
      fc.property(json, blanks, fc.integer({ min: 1, max: 40 }), fc.boolean(), (text, blank, pieceBytes, ascii) => {
        const spread = JSON.stringify(JSON.parse(text), null, blank.slice(0, 10));
        const form = shortForm(filtered(`${blank}${spread}${blank}`, { ascii }, pieceBytes));
        expect(JSON.parse(form)).toEqual(JSON.parse(text));
        expect(form).not.toMatch(/^ {2}|\n {2}| {2}$/);
        if (ascii) expect(form).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it("is JSON only if the text is", () => {
    const isJson = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const broken = fc.tuple(
      json,
      fc.nat(),
      fc.constantFrom("", " ", '"', "\\", ",", "[", "}", "1", "\n", "é", "\u0001"),
    );
    fc.assert(
      fc.property(broken, fc.boolean(), ([text, place, instead], ascii) => {
        const at = place % (text.length + 1);
        const changed = `${text.slice(0, at)}${instead}${text.slice(at + 1)}`;
        expect(isJson(shortForm(filtered(changed, { ascii })))).toBe(isJson(changed));
      }),
      { numRuns: 1000 },
    );
    expect(isJson(shortForm(filtered("[1 1]")))).toBe(false);
  });

  it("has a mark in place of each long string", () => {
    const text = JSON.stringify({ inputs: ["short", "x".repeat(9), '"\\'.repeat(5)], ["k".repeat(9)]: "é".repeat(5) });
    const filter = filtered(text, { stringBytes: 8 });
    expect(JSON.parse(shortForm(filter))).toEqual({ inputs: ["short", "~", "~"], "~": "~" });
    expect([filter.hasMarks, filtered(text).hasMarks]).toEqual([true, false]);
  });

  it("ends with a long string where those are refused, with one string too many, and where it grows too large", () => {
    const exceeded = (text: string, bounds: Partial<JsonBounds>) => filtered(text, bounds).exceeded;
    expect(exceeded(`["${"x".repeat(9)}"]`, { stringBytes: 8, longStrings: "refuse" })).toBe("string");
    expect(exceeded('["","",""]', { strings: 2 })).toBe("strings");
    expect(exceeded("1".repeat(100), { shortFormBytes: 50 })).toBe("short-form");
    expect(exceeded("1 ".repeat(100), { shortFormBytes: 50 })).toBe("short-form");
    expect(exceeded("]".repeat(100), { shortFormBytes: 50 })).toBe("short-form");
    expect(exceeded(" ".repeat(100), { shortFormBytes: 50 })).toBeNull();
  });

  it("in ASCII has another character for bytes that are none", () => {
    const bytes = Uint8Array.of(0x22, 0xff, 0x80, 0xf4, 0xbf, 0xbf, 0xbf, 0xe6, 0x22);
    expect(JSON.parse(shortForm(filtered(bytes, { ascii: true })))).toMatch(/^[^~"]{1,6}$/u);
  });
});
