import { expect, it } from "vitest";
import { type Classified, refusalOfMixedLabels } from "../../../../gateway/dispatch/text.ts";
import type { Classifier } from "../../../../gateway/sides.ts";

const answered = (change: Partial<Classifier>): Classified => {
  const answer = {
    model: `mail-tagger@${"a".repeat(64)}`,
    labels: ["ham", "spam"],
    problemType: "single_label_classification" as const,
    windows: [],
    timings: { runMs: 1 },
    ...change,
  };
  return { answer } as unknown as Classified;
};

it.each([
  ["no text", [], null],
  ["one text", [answered({})], null],
  [
    "two models with the same labels",
    [answered({}), answered({ model: `b@${"b".repeat(64)}`, labels: ["spam", "ham"] })],
    null,
  ],
  ["two label sets", [answered({}), answered({}), answered({ labels: ["no", "yes"] })], "labels-differ"],
  [
    "two kinds of scores",
    [answered({}), answered({ problemType: "multi_label_classification" })],
    "problem-type-differs",
  ],
])("a request of %s: %s", (_, classified, reason) => {
  expect(refusalOfMixedLabels(classified)?.reason ?? null).toBe(reason);
});
