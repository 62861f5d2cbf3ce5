import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { whereJsonBreaks } from "../../../policies/messages/json-place.ts";

const isJson = (text: string) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("whereJsonBreaks", () => {
  it.each([
    ['{"a" 1}', { line: 1, column: 6, found: "1", expected: ":" }],
    ['{"a": 1 "b": 2}', { line: 1, column: 9, found: '"', expected: ", or }" }],
    ["[1 2]", { line: 1, column: 4, found: "2", expected: ", or ]" }],
    ["[1,]", { line: 1, column: 4, found: "]", expected: "a value" }],
    ['{\n  "a": 1\n}\n}', { line: 4, column: 1, found: "}", expected: "the end" }],
    ["{'a': 1}", { line: 1, column: 2, found: "'", expected: "a key or }" }],
    ['{"a": tru}', { line: 1, column: 7, found: "t", expected: "a value" }],
    ["[1}", { line: 1, column: 3, found: "}", expected: ", or ]" }],
    ["\ufeff{}", { line: 1, column: 1, found: "\ufeff", expected: "a value" }],
  ])("finds the place in %j", (text, place) => {
    expect(whereJsonBreaks(text)).toEqual(place);
  });

  it("agrees with the engine on what is JSON, for texts with any change", () => {
    const noise = fc.constantFrom(
      "",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "0",
      "-",
      "e",
      ".",
      "null",
      " ",
      "\n",
      "\t",
      "\u0001",
    );
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat({ max: 3 }), noise, (text, place, cut, put) => {
        const at = place % (text.length + 1);
        const bent = text.slice(0, at) + put + text.slice(at + cut);
        expect(whereJsonBreaks(bent) === null).toBe(isJson(bent));
      }),
      { numRuns: 2000 },
    );
  });

  it("accepts a text of any depth", () => {
    expect(whereJsonBreaks("[".repeat(1_000_000))).toMatchObject({ found: null });
  });
});
