import { describe, expect, it } from "vitest";
import { charactersThatMayTakeLonger, tokensWithin } from "../../../../gateway/origin/text-time.ts";

const SMALL_MS = 40;
const DISTILBERT_MS = 350;
const TIMEOUT_MS = 8000;
const ofMs = (runMs: number | null) => (runMs === null ? null : { tokens: 512, runMs });

describe("the most tokens that an origin is asked for", () => {
  it.each([
    [SMALL_MS, 16_384],
    [DISTILBERT_MS, 11 * 512],
    [1900, 2 * 512],
    [3000, 512],
    [20_000, 512],
    [null, 16_384],
    [0, 16_384],
  ])("a window of %s ms: %i tokens within half of 8 s", (windowMs, tokens) => {
    expect(tokensWithin(TIMEOUT_MS, ofMs(windowMs), 16_384)).toBe(tokens);
  });

  it("follows from windows as long as the package's", () => {
    expect(tokensWithin(TIMEOUT_MS, { tokens: 128, runMs: 80 }, 16_384)).toBe(50 * 128);
    expect(tokensWithin(TIMEOUT_MS, { tokens: 2048, runMs: 3000 }, 16_384)).toBe(2048);
  });

  it("is never above the policy's", () => {
    expect(tokensWithin(TIMEOUT_MS, ofMs(SMALL_MS), 600)).toBe(600);
  });
});

describe("a text that an origin does not answer in time", () => {
  it.each([
    ["a mail of 3 kB", 3000, DISTILBERT_MS, false],
    ["16,000 words", 80_000, DISTILBERT_MS, true],
    ["16,000 words for a small model", 80_000, SMALL_MS, true],
    ["a mail of 10 kB for a small model", 10_000, SMALL_MS, false],
    ["16,000 words before the edge's package is known", 80_000, null, true],
    ["a mail of 3 kB before the edge's package is known", 3000, null, false],
  ])("%s: may take that long by its size", (_, characters, windowMs, may) => {
    expect(characters >= charactersThatMayTakeLonger(TIMEOUT_MS, ofMs(windowMs))).toBe(may);
  });

  it("counts the package's windows, but never excuses a short one", () => {
    expect(charactersThatMayTakeLonger(TIMEOUT_MS, { tokens: 512, runMs: 80 })).toBe(25 * 512 + 1);
    expect(charactersThatMayTakeLonger(TIMEOUT_MS, { tokens: 128, runMs: 80 })).toBe(15 * 512 + 1);
  });
});
