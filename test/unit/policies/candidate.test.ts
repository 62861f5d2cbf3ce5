import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawBasisPoints, isSelected } from "../../../policies/candidate.ts";
import { parsePolicy } from "../../../policies/parse.ts";

const model = `tagger@${"a".repeat(64)}`;
const share = fc.integer({ min: 0, max: 10_000 }).map((basisPoints) => basisPoints / 100);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("the isolates of a candidate", () => {
  it("stay in every larger share; 0 selects none and 100 all", () => {
    fc.assert(
      fc.property(random, share, share, (drawn, one, other) => {
        const isIn = (share: number) => isSelected({ model, share }, drawBasisPoints(drawn));
        expect(isIn(0)).toBe(false);
        expect(isIn(100)).toBe(true);
        if (isIn(Math.min(one, other))) expect(isIn(Math.max(one, other))).toBe(true);
      }),
    );
  });

  it("are as many as the share asks for, to two decimals", () => {
    const numbers = Array.from({ length: 10_000 }, (_, number) => drawBasisPoints((number + 0.5) / 10_000));
    for (const share of [0.01, 12.34, 33.33, 99.99]) {
      const selected = numbers.filter((number) => isSelected({ model, share }, number));
      expect(selected).toHaveLength(Math.round(share * 100));
    }
  });
});

describe("a policy with a candidate", () => {
  it.each<[string, object, string | null]>([
    ["is valid", { candidate: { model, share: 12.5 } }, null],
    ["may set it to null", { candidate: null }, null],
    ["must name a whole model id", { candidate: { model: "tagger@1", share: 1 } }, "candidate.model"],
    ["must have a share", { candidate: { model } }, "candidate.share"],
    [
      "may name the package of `model`, as after `model` was set to it",
      { model, candidate: { model, share: 1 } },
      null,
    ],
    ["must have no other keys", { candidate: { model, share: 1, weight: 2 } }, "candidate"],
  ])("%s", (_, document, place) => {
    const parsed = parsePolicy(JSON.stringify(document));
    expect(parsed.ok ? null : parsed.problem).toEqual(place === null ? null : expect.stringContaining(place));
  });
});
