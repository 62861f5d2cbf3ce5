import { describe, expect, it } from "vitest";
import { bytesThatMayTakeLonger, bytesToCut, mayTakeLonger } from "../../../../gateway/origin/text-time.ts";

const SMALL_MS = 40;
const DISTILBERT_MS = 350;
const TIMEOUT_MS = 8000;
const ofMs = (runMs: number | null) => (runMs === null ? null : { tokens: 512, runMs });

describe("a text that an origin does not answer in time", () => {
  it.each([
    ["a mail of 3 kB", 3000, DISTILBERT_MS, false],
    ["16,000 words", 80_000, DISTILBERT_MS, true],
    ["16,000 words for a small model", 80_000, SMALL_MS, true],
    ["a mail of 10 kB for a small model", 10_000, SMALL_MS, false],
    ["16,000 words before the edge's package is known", 80_000, null, true],
    ["a mail of 3 kB before the edge's package is known", 3000, null, false],
  ])("%s: may take that long by its size", (_, bytes, windowMs, may) => {
    expect(bytes >= bytesThatMayTakeLonger(TIMEOUT_MS, ofMs(windowMs))).toBe(may);
  });

  it("counts the package's windows; what fits in 15 of 512 tokens is excused only if its windows take longer", () => {
    expect(bytesThatMayTakeLonger(TIMEOUT_MS, { tokens: 512, runMs: 80 })).toBe(25 * 512 + 1);
    expect(bytesThatMayTakeLonger(TIMEOUT_MS, { tokens: 128, runMs: 80 })).toBe(15 * 512 + 1);
    expect(bytesThatMayTakeLonger(TIMEOUT_MS, { tokens: 512, runMs: 3000 })).toBe(2 * 512 + 1);
    expect(bytesThatMayTakeLonger(100, { tokens: 512, runMs: 3000 })).toBe(512 + 1);
  });

  it.each([
    ["a text of Chinese, of which byte-level BPE makes up to three tokens per character", "漢".repeat(2561), true],
    ["as many letters, at most one token each", "a".repeat(2561), false],
    ["emoji, four bytes each", "😀".repeat(1921), true],
    ["a pair, which is never cut", { text: "漢".repeat(9000), textPair: "" }, false],
  ])("its size is what could be tokens: %s", (_, text, may) => {
    expect(bytesToCut(text) >= bytesThatMayTakeLonger(TIMEOUT_MS, null)).toBe(may);
  });
});

describe("an answer that was slow", () => {
  it.each([
    ["of one window", 1, DISTILBERT_MS, false],
    ["of 4 windows of 350 ms against 5 s: 5.6 s with the reserve", 4, DISTILBERT_MS, true],
    ["of 3 windows of 350 ms against 5 s: 4.2 s with the reserve", 3, DISTILBERT_MS, false],
    ["of 11 windows of a small model", 11, SMALL_MS, false],
    ["of 2 windows before the package is known", 2, null, true],
    ["of one window before the package is known", 1, null, false],
  ])("%s: its size may be why", (_, windows, windowMs, may) => {
    expect(mayTakeLonger(5000, windows, ofMs(windowMs))).toBe(may);
  });
});
