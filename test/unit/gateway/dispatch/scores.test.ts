import { describe, expect, it } from "vitest";
import { toRow } from "../../../../gateway/dispatch/scores.ts";
import type { SideAnswer } from "../../../../gateway/sides.ts";

const answer: SideAnswer = {
  model: "m@1",
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
  windows: [{ tokens: 10, logits: [0, Math.log(3)] }],
  timings: { runMs: 1 },
};

const scores = (row: { label: string; score: number }[]) =>
  Object.fromEntries(row.map(({ label, score }) => [label, Number(score.toFixed(6))]));

describe("toRow", () => {
  it("is a softmax for one label out of many, best first", () => {
    const row = toRow(answer, undefined, undefined);
    expect(row.map(({ label }) => label)).toEqual(["spam", "ham"]);
    expect(scores(row)).toEqual({ spam: 0.75, ham: 0.25 });
  });

  it("is a sigmoid for each label where many may hold", () => {
    const row = toRow({ ...answer, problemType: "multi_label_classification" }, undefined, undefined);
    expect(scores(row)).toEqual({ spam: 0.75, ham: 0.5 });
  });

  it("does what the caller asks for instead", () => {
    expect(scores(toRow(answer, "none", undefined))).toEqual({ spam: 1.098612, ham: 0 });
    expect(scores(toRow(answer, "sigmoid", undefined))).toEqual({ spam: 0.75, ham: 0.5 });
  });

  it("survives logits whose powers overflow", () => {
    const huge = { ...answer, windows: [{ tokens: 1, logits: [1000, 0] }] };
    expect(scores(toRow(huge, undefined, undefined))).toEqual({ ham: 1, spam: 0 });
  });

  it("weighs the windows of a long text by their tokens", () => {
    const windows = [
      { tokens: 510, logits: [0, Math.log(3)] },
      { tokens: 170, logits: [Math.log(3), 0] },
    ];
    expect(scores(toRow({ ...answer, windows }, undefined, undefined))).toEqual({ spam: 0.625, ham: 0.375 });
  });

  it("answers a text without content tokens", () => {
    const empty = { ...answer, windows: [{ tokens: 0, logits: [0, Math.log(3)] }] };
    expect(scores(toRow(empty, undefined, undefined))).toEqual({ spam: 0.75, ham: 0.25 });
  });

  it("cuts at top_k", () => {
    expect(toRow(answer, undefined, 1)).toHaveLength(1);
    expect(toRow(answer, undefined, 9)).toHaveLength(2);
  });
});
