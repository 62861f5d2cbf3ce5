/** How long texts are cut into windows. */
import { describe, expect, it } from "vitest";
import { WINDOW_TOKENS } from "../../../formats/origin-wire.ts";
import { contentTokens, mostTokens, windowsOf } from "../../../lambda-origin/windows.ts";

const frame = { before: [101], after: [102] };
const sizesOf = (windows: number[][]) => windows.map((window) => contentTokens(window, frame));
const idsUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1000);

describe("windowsOf", () => {
  it.each([
    { tokens: 0, sizes: [0] },
    { tokens: 1, sizes: [1] },
    { tokens: 509, sizes: [509] },
    { tokens: 510, sizes: [510] },
    { tokens: 511, sizes: [255, 256] },
    { tokens: 1020, sizes: [510, 510] },
    { tokens: 1021, sizes: [340, 340, 341] },
  ])("cuts $tokens tokens into windows of $sizes", ({ tokens, sizes }) => {
    expect(sizesOf(windowsOf(idsUpTo(tokens), frame, WINDOW_TOKENS))).toEqual(sizes);
  });

  it("cuts 16,384 tokens into 33 windows that all fit", () => {
    const windows = windowsOf(idsUpTo(16_384), frame, WINDOW_TOKENS);
    expect(windows).toHaveLength(33);
    expect(Math.max(...windows.map((window) => window.length))).toBeLessThanOrEqual(WINDOW_TOKENS);
  });

  it.each([
    { windowTokens: 16, tokens: 16_384, count: 1171 },
    { windowTokens: 128, tokens: 16_384, count: 131 },
    { windowTokens: 256, tokens: 255, count: 2 },
    { windowTokens: 1024, tokens: 1022, count: 1 },
    { windowTokens: 2048, tokens: 16_384, count: 9 },
  ])("cuts $tokens tokens into $count windows of a model with $windowTokens positions", (row) => {
    const windows = windowsOf(idsUpTo(row.tokens), frame, row.windowTokens);
    expect(windows).toHaveLength(row.count);
    expect(Math.max(...windows.map(({ length }) => length))).toBeLessThanOrEqual(row.windowTokens);
    expect(windows.flatMap((window) => window.slice(1, -1))).toEqual(idsUpTo(row.tokens));
  });

  it("returns for a text of one window the ids that the edge would run", () => {
    expect(windowsOf([7, 8, 9], frame, WINDOW_TOKENS)).toEqual([[101, 7, 8, 9, 102]]);
  });

  it("frames every window and loses, repeats or reorders no token, for any length", () => {
    for (let tokens = 0; tokens <= 2600; tokens += 13) {
      const windows = windowsOf(idsUpTo(tokens), frame, WINDOW_TOKENS);
      expect(windows.every((window) => window[0] === 101 && window.at(-1) === 102)).toBe(true);
      expect(windows.flatMap((window) => window.slice(1, -1))).toEqual(idsUpTo(tokens));
    }
  });

  it.each([
    [[], []],
    [[101, 103], []],
    [[], [102, 104, 105]],
  ])("frames windows with whatever the tokenizer has: %j, %j", (before, after) => {
    const windows = windowsOf(idsUpTo(1200), { before, after }, WINDOW_TOKENS);
    expect(Math.max(...windows.map(({ length }) => length))).toBeLessThanOrEqual(WINDOW_TOKENS);
    const contents = windows.map((window) => window.slice(before.length, window.length - after.length));
    expect(windows).toEqual(contents.map((content) => [...before, ...content, ...after]));
    expect(contents.flat()).toEqual(idsUpTo(1200));
  });

  it("never makes a window more than one token longer than another", () => {
    for (let tokens = 1; tokens <= 16_384; tokens += 97) {
      const sizes = sizesOf(windowsOf(idsUpTo(tokens), frame, WINDOW_TOKENS));
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});

describe("the most tokens of a text", () => {
  it.each([
    { labels: 2, windowTokens: 128, most: 32_768 * 126 },
    { labels: 1024, windowTokens: 512, most: 64 * 510 },
    { labels: 1024, windowTokens: 128, most: 64 * 126 },
  ])("with $labels labels and windows of $windowTokens is $most: its logits fit in one answer", (row) => {
    expect(mostTokens(row.labels, frame, row.windowTokens)).toBe(row.most);
  });
});
