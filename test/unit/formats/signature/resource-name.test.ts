/** The two orders of files, and which names are canonical. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareByCodePoints,
  compareByComponents,
  isAscending,
  isAtOrUnder,
  isCanonicalName,
} from "../../../../formats/signature/resource-name.ts";

describe("isCanonicalName", () => {
  it.each(["a", "a/b.json", "…", "..a", "a..", ".hidden", "a b", "größe/😀"])("accepts %j", (name) => {
    expect(isCanonicalName(name)).toBe(true);
  });

  const odd = ["", ".", "..", "/a", "a/", "a//b", "./a", "a/./b", "../a", "a/../b", "a\\b", "a\0", "a\n", "\ud800"];
  it.each(odd)("refuses %j", (name) => {
    expect(isCanonicalName(name)).toBe(false);
  });
});

describe("the orders of names", () => {
  it("by code points is the order of UTF-8 bytes, beyond U+FFFF too", () => {
    const name = fc.string({ unit: "binary", maxLength: 4 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareByCodePoints(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { examples: [["\uffee", "😀"]] },
    );
  });

  it("differ for a folder and a file with the same start", () => {
    expect(compareByCodePoints("a/b", "a.txt")).toBeGreaterThan(0);
    expect(compareByComponents("a/b", "a.txt")).toBeLessThan(0);
  });

  it("do not call a list ascending if it has a name twice", () => {
    expect(isAscending(["a", "b", "c"], compareByCodePoints)).toBe(true);
    expect(isAscending(["a", "a"], compareByCodePoints)).toBe(false);
  });
});

it("an ignored path covers itself and everything under it, but no name that only starts with it", () => {
  expect([".git", ".git/config", ".gitignore", "sub/.git"].map((path) => isAtOrUnder(".git", path))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
