/** The multi-label side of quality.ts; the other is in ../quality.test.ts. */
import { describe, expect, it } from "vitest";
import { agreementOf, type Judged, qualityOf } from "../../../../../../tools/spillway/model/evaluate/quality.ts";

const judged = (truth: string[], a: number, b: number): Judged => ({
  truth,
  verdict: { label: a > b ? "a" : "b", scores: { a, b } },
});

describe("of a multi-label model", () => {
  it("a text is right when every label is, and every label weighs alike", () => {
    const texts = [
      judged(["a", "b"], 0.9, 0.9),
      judged(["a"], 0.9, 0.5),
      judged([], 0.1, 0.4),
      judged(["b"], 0.2, 0.3),
    ];
    const { accuracyPercent, macroF1, confusion } = qualityOf(texts, ["a", "b"]);
    expect(accuracyPercent).toBe(50);
    // a: 2 found of 2; b: 1 found, 1 mistaken (a score of 0.5 says it), 1 missed.
    expect(macroF1).toBeCloseTo((1 + 0.5) / 2, 12);
    expect(confusion).toBeNull();
  });

  it("two models agree on a text when they say the same labels", () => {
    const one = [judged(["a"], 0.9, 0.6), judged(["a"], 0.9, 0.1)];
    const other = [judged(["a"], 0.9, 0.4), judged(["a"], 0.8, 0.1)];
    const { sameLabelPercent, largestScoreGap } = agreementOf(one, other);
    expect(sameLabelPercent).toBe(50);
    expect(largestScoreGap).toBeCloseTo(0.2, 12);
  });
});
