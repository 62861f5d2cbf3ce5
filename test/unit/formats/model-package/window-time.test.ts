import { describe, expect, it } from "vitest";
import { fullWindowOf, tokensWithin } from "../../../../formats/model-package/window-time.ts";

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

describe("a package's full window", () => {
  const timeMs = { base: 1, perToken: 0.1, perTokenSquared: 0.001 };
  const edge = { timeMs } as Parameters<typeof fullWindowOf>[0]["edge"];

  it("takes as long as the edge's model, by its curve", () => {
    const { tokens, runMs } = fullWindowOf({ origin: { file: "origin.onnx", windowTokens: 100 }, edge }) ?? {};
    expect(tokens).toBe(100);
    expect(runMs).toBeCloseTo(1 + 10 + 10);
  });

  it("takes as long as the packer measured, of a package for the origin only", () => {
    const origin = { file: "origin.onnx", windowMs: 240 };
    expect(fullWindowOf({ origin, edge: null })).toEqual({ tokens: 512, runMs: 240 });
  });

  it("is unknown of such a package of before", () => {
    expect(fullWindowOf({ origin: { file: "origin.onnx" }, edge: null })).toBeNull();
  });
});
