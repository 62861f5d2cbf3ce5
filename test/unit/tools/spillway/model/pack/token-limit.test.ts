import { describe, expect, it } from "vitest";
import { largestFitting, withRoomForSeveral } from "../../../../../../tools/spillway/model/pack/token-limit.ts";

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

describe("texts of several lengths, one after another", () => {
  const MIB = 2 ** 20;
  const perToken = async (tokens: number) => tokens * MIB;
  /** They need that many MiB more than the longest. */
  const needing = (moreMiB: number) => ({
    measure: perToken,
    runs: async (heapBytes: number, maxTokens: number) => heapBytes >= (maxTokens + moreMiB) * MIB,
  });

  it.each([
    ["run in the heap of the longest", 48, 64, 0, 48, 48],
    ["need more of it", 48, 64, 3, 48, 51],
    ["need more than there is: fewer tokens", 48, 50, 3, 32, 35],
    ["of a wanted number that is no multiple: the multiple below", 40, 41, 3, 32, 35],
    ["need more than there is for the fewest", 16, 17, 3, null, 18],
    ["of a model that has no room in any case", null, 17, 0, null, 16],
  ])("%s", async (_, maxTokens, mostMiB, moreMiB, tokens, heapMiB) => {
    const limit = { maxTokens, heapBytes: await perToken(maxTokens ?? 16) };
    const found = await withRoomForSeveral(limit, mostMiB * MIB, needing(moreMiB));
    expect(found).toEqual({ maxTokens: tokens, heapBytes: heapMiB * MIB });
  });
});
