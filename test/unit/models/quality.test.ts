import { describe, expect, it } from "vitest";
import { agreementOf, type Judged, qualityOf } from "../../../tools/spillway/model/evaluate/quality.ts";

const judged = (truth: string, spam: number): Judged => ({
  truth,
  verdict: { label: spam > 0.5 ? "spam" : "ham", scores: { ham: 1 - spam, spam } },
});

describe("qualityOf", () => {
  it("counts what is right, what is confused, and weighs both labels alike", () => {
    const quality = qualityOf(
      [judged("ham", 0.1), judged("ham", 0.2), judged("ham", 0.9), judged("spam", 0.8)],
      ["ham", "spam"],
    );
    expect(quality.accuracyPercent).toBe(75);
    expect(quality.confusion).toEqual({ ham: { ham: 2, spam: 1 }, spam: { ham: 0, spam: 1 } });
    // ham: precision 1, recall 2/3 → 0.8; spam: precision 1/2, recall 1 → 2/3.
    expect(quality.macroF1).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
  });

  it("has no F1 for a label that was never found", () => {
    expect(qualityOf([judged("spam", 0.1)], ["ham", "spam"]).macroF1).toBe(0);
  });
});

describe("agreementOf", () => {
  it("compares two models on the same texts, one by one", () => {
    const one = [judged("ham", 0.1), judged("ham", 0.4)];
    const other = [judged("ham", 0.1), judged("ham", 0.6)];
    const agreement = agreementOf(one, other);
    expect(agreement.sameLabelPercent).toBe(50);
    expect(agreement.alikePercent).toBe(50);
    expect(agreement.largestScoreGap).toBeCloseTo(0.2, 12);
  });
});
