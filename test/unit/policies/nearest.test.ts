import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../../policies/messages/nearest.ts";

describe("nearest", () => {
  const known = ["share", "maxTokens", "maxQueueMs", "stickyBy", "timeoutMs"];
  it.each([
    ["shar", "share"],
    ["hsare", "share"],
    ["SHARE", "share"],
    ["maxtoken", "maxTokens"],
    ["timeout", "timeoutMs"],
    ["max_queue_ms", "maxQueueMs"],
    ["bogus", null],
    ["x", null],
    ["share".repeat(1000), null],
  ])("of %j is %j", (word, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["share", "shar", 1],
    ["edge", "egde", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ])("from %j to %j is %d", (from, to, edits) => {
    expect(editDistance(from, to)).toBe(edits);
  });

  it("is symmetric, 0 only for equal words, and at most the length of the longer word", () => {
    const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(word, word, (from, to) => {
        const edits = editDistance(from, to);
        expect(edits).toBe(editDistance(to, from));
        expect(edits === 0).toBe(from === to);
        expect(edits).toBeLessThanOrEqual(Math.max(from.length, to.length));
      }),
    );
  });
});
