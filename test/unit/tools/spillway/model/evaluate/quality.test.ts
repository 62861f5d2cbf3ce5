/** Accuracy, F1, confusion and agreement, for single-label and multi-label models. */
import { describe, expect, it } from "vitest";
import {
  agreementOf,
  type LabelledPrediction,
  qualityOf,
} from "../../../../../../tools/spillway/model/evaluate/quality.ts";

const single = (truth: string, spam: number): LabelledPrediction => ({
  truth,
  prediction: { label: spam > 0.5 ? "spam" : "ham", scores: { ham: 1 - spam, spam } },
});
const multi = (truth: string[], a: number, b: number): LabelledPrediction => ({
  truth,
  prediction: { label: a > b ? "a" : "b", scores: { a, b } },
});

describe("for a single-label model", () => {
  it("counts correct and confused texts, and weighs both labels equally", () => {
    const quality = qualityOf(
      [single("ham", 0.1), single("ham", 0.2), single("ham", 0.9), single("spam", 0.8)],
      ["ham", "spam"],
    );
    expect(quality.accuracyPercent).toBe(75);
    expect(quality.confusion).toEqual({ ham: { ham: 2, spam: 1 }, spam: { ham: 0, spam: 1 } });
    // ham: precision 1, recall 2/3 → 0.8; spam: precision 1/2, recall 1 → 2/3.
    expect(quality.macroF1).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
  });

  it("has no F1 for a label that was never found", () => {
    expect(qualityOf([single("spam", 0.1)], ["ham", "spam"]).macroF1).toBe(0);
  });

  it("compares two models on the same texts, one by one", () => {
    const agreement = agreementOf([single("ham", 0.1), single("ham", 0.4)], [single("ham", 0.1), single("ham", 0.6)]);
    expect(agreement.sameLabelPercent).toBe(50);
    expect(agreement.alikePercent).toBe(50);
    expect(agreement.largestScoreGap).toBeCloseTo(0.2, 12);
  });
});

describe("for a multi-label model", () => {
  it("a text is correct if every label is, and every label weighs the same", () => {
    const texts = [multi(["a", "b"], 0.9, 0.9), multi(["a"], 0.9, 0.5), multi([], 0.1, 0.4), multi(["b"], 0.2, 0.3)];
    const { accuracyPercent, macroF1, confusion } = qualityOf(texts, ["a", "b"]);
    expect(accuracyPercent).toBe(50);
    // a: 2 found of 2; b: 1 found, 1 wrong (a score of 0.5 is a prediction), 1 missed.
    expect(macroF1).toBeCloseTo((1 + 0.5) / 2, 12);
    expect(confusion).toBeNull();
  });

  it("macro F1 is of labels that occur, micro F1 of all decisions", () => {
    const texts = [multi(["a"], 0.9, 0.6), multi(["a"], 0.9, 0.1), multi([], 0.1, 0.7)];
    const quality = qualityOf(texts, ["a", "b", "never"]);
    expect(quality).toMatchObject({ macroF1: 1, occurringLabels: 1 });
    // 2 found, 2 wrong (b), none missed.
    expect(quality.microF1).toBeCloseTo(4 / 6, 12);
    expect(qualityOf([multi([], 0, 0)], ["a"])).toMatchObject({ macroF1: 0, microF1: 0, occurringLabels: 0 });
  });

  it("the threshold decides which labels are predicted", () => {
    const texts = [multi(["a", "b"], 0.9, 0.3)];
    expect(qualityOf(texts, ["a", "b"]).accuracyPercent).toBe(0);
    expect(qualityOf(texts, ["a", "b"], 0.3).accuracyPercent).toBe(100);
    const other = [multi(["a", "b"], 0.9, 0.2)];
    expect(agreementOf(texts, other).sameLabelPercent).toBe(100);
    expect(agreementOf(texts, other, 0.3).sameLabelPercent).toBe(0);
  });

  it("two models agree on a text if they predict the same labels", () => {
    const one = [multi(["a"], 0.9, 0.6), multi(["a"], 0.9, 0.1)];
    const other = [multi(["a"], 0.9, 0.4), multi(["a"], 0.8, 0.1)];
    const { sameLabelPercent, largestScoreGap } = agreementOf(one, other);
    expect(sameLabelPercent).toBe(50);
    expect(largestScoreGap).toBeCloseTo(0.2, 12);
  });
});
