import { describe, expect, it } from "vitest";
import { mayTakeLonger, tokensWithin } from "../../../../gateway/origin/text-time.ts";

const SMALL_MS = 40;
const DISTILBERT_MS = 350;
const TIMEOUT_MS = 8000;

describe("the most tokens that an origin is asked for", () => {
  it.each([
    [SMALL_MS, 16_384],
    [DISTILBERT_MS, 22 * 512],
    [3000, 2 * 512],
    [20_000, 512],
    [null, 16_384],
    [0, 16_384],
  ])("a window of %s ms: %i tokens within 8 s", (windowMs, tokens) => {
    expect(tokensWithin(TIMEOUT_MS, windowMs, 16_384)).toBe(tokens);
  });

  it("is never above the policy's", () => {
    expect(tokensWithin(TIMEOUT_MS, SMALL_MS, 600)).toBe(600);
  });
});

describe("a text that an origin does not answer in time", () => {
  it.each([
    ["a mail of 3 kB", 3000, DISTILBERT_MS, false],
    ["16,000 words", 80_000, DISTILBERT_MS, true],
    ["16,000 words for a small model", 80_000, SMALL_MS, true],
    ["a mail of 10 kB for a small model", 10_000, SMALL_MS, false],
    ["16,000 words before the edge's package is known", 80_000, null, false],
  ])("%s: may take that long by its size", (_, characters, windowMs, may) => {
    expect(mayTakeLonger(characters, TIMEOUT_MS, windowMs)).toBe(may);
  });
});
