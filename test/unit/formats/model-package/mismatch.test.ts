import { expect, it } from "vitest";
import { mismatch } from "../../../../formats/model-package/mismatch.ts";
import type { Classifier } from "../../../../gateway/sides.ts";

const mailTagger: Classifier = {
  model: `mail-tagger@${"a".repeat(64)}`,
  labels: ["ham", "spam"],
  problemType: "single_label_classification",
};
const bent = (bend: Partial<Classifier>): Classifier => ({ ...mailTagger, ...bend });
const numbered = (count: number, last: string) => [...Array.from({ length: count }, (_, at) => `label-${at}`), last];

it.each<[string, Classifier | null, Classifier | null]>([
  ["the same model", mailTagger, mailTagger],
  ["another model with the same labels", bent({ model: `mail-tagger@${"b".repeat(64)}` }), mailTagger],
  ["the same labels in another order", bent({ labels: ["spam", "ham"] }), mailTagger],
  ["an origin that has not answered yet", null, mailTagger],
  ["an edge whose package is not known", bent({ labels: ["a", "b"] }), null],
])("%s is no problem", (_, origin, edge) => {
  expect(mismatch(origin, edge)).toBeNull();
});

it.each<[string, Partial<Classifier>, ReturnType<typeof mismatch>]>([
  [
    "another label set",
    { labels: ["a", "b"] },
    { code: "labels-differ", sentence: "labels differ from the edge's: origin [a, b], edge [ham, spam]" },
  ],
  [
    "one label more",
    { labels: ["ham", "spam", "eggs"] },
    { code: "labels-differ", sentence: "labels differ from the edge's: origin [ham, spam, eggs], edge [ham, spam]" },
  ],
  [
    "one label less, which only the edge has",
    { labels: ["ham"] },
    { code: "labels-differ", sentence: "labels differ from the edge's: origin [ham], edge [ham, spam]" },
  ],
  [
    "the other problem type",
    { problemType: "multi_label_classification" },
    {
      code: "problem-type-differs",
      sentence:
        "problem type differs from the edge's: origin multi_label_classification, edge single_label_classification",
    },
  ],
])("%s is reported with both sides' values", (_, bend, problem) => {
  expect(mismatch(bent(bend), mailTagger)).toEqual(problem);
});

it("of many labels, those that only one side has come first, and the rest is counted", () => {
  const [origin, edge] = [bent({ labels: numbered(100, "eggs") }), bent({ labels: numbered(100, "bacon") })];
  const sentence = mismatch(origin, edge)?.sentence;
  expect(sentence).toMatch(/origin \[eggs, label-0, .*label-6, 93 more\], edge \[bacon, label-0, .*, 93 more\]$/);
  expect(sentence?.length).toBeLessThan(250);
});
