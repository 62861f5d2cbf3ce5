import { describe, expect, it } from "vitest";
import { largestFitting } from "../../../../../../tools/spillway/model/pack/token-limit.ts";

/** A heap of 1,000 bytes, and 10 bytes per token. */
const measure = async (tokens: number) => 1000 + 10 * tokens;

describe("largestFitting", () => {
  it.each([
    ["all wanted tokens", 256, 3560, 256],
    ["one byte too small for that: the next multiple of 16", 256, 3559, 240],
    ["half", 256, 2280, 128],
    ["the minimum", 256, 1160, 16],
    ["a wanted number that is not a multiple", 100, 2000, 100],
    ["a multiple below the wanted number", 100, 1999, 96],
    ["not even the minimum", 256, 1159, null],
    ["not even the minimum, and no more wanted", 16, 1159, null],
  ])("%s", async (_, wanted, capBytes, maxTokens) => {
    const limit = await largestFitting(wanted, capBytes, measure);
    expect(limit).toEqual({ maxTokens, heapBytes: await measure(maxTokens ?? 16) });
  });

  it("measures few lengths: each takes a second or more", async () => {
    const asked: number[] = [];
    await largestFitting(256, 2500, (tokens) => {
      asked.push(tokens);
      return measure(tokens);
    });
    expect(asked.length).toBeLessThanOrEqual(6);
  });
});
