import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../../../../../formats/model-package/manifest.ts";
import { type DataOptions, readLabelledTexts } from "../../../../../../tools/spillway/model/evaluate/data.ts";

type Model = Pick<Manifest, "labels" | "problemType"> & { acceptsPairs: boolean };
const labels = ["ham", "spam"];
const single: Model = { labels, problemType: "single_label_classification", acceptsPairs: false };
const multi: Model = { labels, problemType: "multi_label_classification", acceptsPairs: false };
const pairs: Model = { ...single, acceptsPairs: true };
const good = '{"text": "a", "label": "ham", "split": "test"}';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "spillway-data-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function read(lines: readonly string[], model = single, options: DataOptions = {}) {
  const path = join(scratch, "data.jsonl");
  await writeFile(path, lines.join("\n"));
  return readLabelledTexts(path, model, options);
}

describe("labelled texts", () => {
  it("have one label, or any number for a multi-label model; other fields and empty lines are ignored", async () => {
    expect(await read([good, "", good.replace("ham", "spam"), ""])).toEqual([
      { text: "a", label: "ham" },
      { text: "a", label: "spam" },
    ]);
    expect(await read(['{"text": "a", "labels": []}', '{"text": "b", "labels": ["spam", "ham"]}'], multi)).toEqual([
      { text: "a", labels: [] },
      { text: "b", labels: ["spam", "ham"] },
    ]);
  });

  it("may be pairs", async () => {
    const lines = [
      '{"text": "a", "text_pair": "b", "label": "ham"}',
      '{"text": "a", "text_pair": null, "label": "ham"}',
    ];
    expect(await read(lines, pairs)).toEqual([
      { text: "a", textPair: "b", label: "ham" },
      { text: "a", label: "ham" },
    ]);
    expect(await read(['{"text": "a", "text_pair": "", "labels": []}'], { ...multi, acceptsPairs: true })).toEqual([
      { text: "a", textPair: "", labels: [] },
    ]);
  });

  it("are only those that meet the condition", async () => {
    const lines = [good, '{"text": "b", "label": "spam", "split": "train"}', '{"text": "c", "label": "spam"}'];
    expect(await read(lines, single, { where: { field: "split", value: "train" } })).toEqual([
      { text: "b", label: "spam" },
    ]);
  });

  it("are spread evenly over the file, because files are often sorted by label", async () => {
    const lines = Array.from({ length: 100 }, (_, at) => JSON.stringify({ text: String(at), label: "ham" }));
    const texts = (await read(lines, single, { limit: 4 })).map(({ text }) => text);
    expect(texts).toEqual(["0", "25", "50", "75"]);
    expect(await read(lines, single, { limit: 33 })).toHaveLength(33);
    expect(await read(lines, single, { limit: 1000 })).toHaveLength(100);
  });

  const bad: [string, string[], Model, RegExp, DataOptions?][] = [
    [
      "a line that is not JSON",
      [good, good, "", "", "", "", "{text"],
      single,
      /data\.jsonl: line 7 is not a JSON object\.$/,
    ],
    ["a number", [good, "7"], single, /line 2 is not a JSON object/],
    ["no text", ['{"label": "ham"}'], single, /line 1 has no "text"/],
    [
      "no label",
      ['{"text": "a"}'],
      single,
      /line 1 has no "label" in the form that this model needs: \{"text":"…","label":"ham"\}/,
    ],
    ["labels for a single-label model", ['{"text": "a", "labels": ["ham"]}'], single, /line 1 has no "label"/],
    ["a label for a multi-label model", [good], multi, /line 1 has no "labels" .*\{"text":"…","labels":\["ham"\]\}/],
    ["labels that are not strings", ['{"text": "a", "labels": [1]}'], multi, /line 1 has no "labels"/],
    [
      "a pair for a model of single texts",
      ['{"text": "a", "text_pair": "b", "label": "ham"}'],
      single,
      /line 1 has a "text_pair", and the model classifies single texts only\.$/,
    ],
    [
      "a second text that is none",
      ['{"text": "a", "text_pair": ["b"], "label": "ham"}'],
      pairs,
      /line 1 has a "text_pair" that is not a string\.$/,
    ],
    [
      "an unknown label",
      [good, '{"text": "a", "label": "eggs"}'],
      single,
      /line 2 has the label "eggs"; the model has ham, spam\.$/,
    ],
    ["an empty file", ["", ""], single, /is empty; it needs lines such as/],
    [
      "a condition that no line meets",
      [good],
      single,
      /has no line with split=train/,
      { where: { field: "split", value: "train" } },
    ],
  ];
  it.each(bad)("refuse %s in one sentence that names the line", async (_, lines, model, sentence, options) => {
    await expect(read(lines, model, options)).rejects.toThrow(sentence);
  });
});
