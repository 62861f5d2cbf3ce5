/** The two orders of files, and what a name may be. */
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
  it.each(["a", "a/b.json", "…", "..a", "a..", ".hidden", "a b", "größe/😀"])("takes %j", (name) => {
    expect(isCanonicalName(name)).toBe(true);
  });

  const odd = ["", ".", "..", "/a", "a/", "a//b", "./a", "a/./b", "../a", "a/../b", "a\\b", "a\0", "a\n", "\ud800"];
  it.each(odd)("refuses %j", (name) => {
    expect(isCanonicalName(name)).toBe(false);
  });
});

describe("the orders of names", () => {
  it("are by code points as UTF-8 sorts bytes, also beyond U+FFFF", () => {
    const name = fc.string({ unit: "binary", maxLength: 4 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareByCodePoints(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { examples: [["\uffee", "😀"]] },
    );
  });

  it("differ where a folder stands beside a file of the same name", () => {
    expect(compareByCodePoints("a/b", "a.txt")).toBeGreaterThan(0);
    expect(compareByComponents("a/b", "a.txt")).toBeLessThan(0);
  });

  it("say that a list with a name twice is not ascending", () => {
    expect(isAscending(["a", "b", "c"], compareByCodePoints)).toBe(true);
    expect(isAscending(["a", "a"], compareByCodePoints)).toBe(false);
  });
});

it("an ignored path covers itself and what is under it, not what begins like it", () => {
  expect([".git", ".git/config", ".gitignore", "sub/.git"].map((path) => isAtOrUnder(".git", path))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
