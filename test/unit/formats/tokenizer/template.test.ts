/** Special tokens and token types of texts and pairs, by the template: as the reference adds them. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { loadTokenizer, runSteps } from "../../../../formats/tokenizer/load-tokenizer.ts";
import { compareTokenizers } from "../../../../tools/tokenizer-check/compare.ts";
import { probingPairs } from "../../../../tools/tokenizer-check/probing-texts.ts";
import { filesOf } from "./fixtures.ts";

describe("special tokens and token types by the template", () => {
  const cls = { cls: ["[CLS]", 2], sep: ["[SEP]", 3] };
  const special = (id: string, ids: number[]) => [id, { id, ids, tokens: ids.map(() => id) }] as const;
  const template = (single: string, pair: string) => {
    const piece = (text: string) => {
      const [id = "", type = "0"] = text.split(":");
      const type_id = Number(type);
      return id.startsWith("$") ? { Sequence: { id: id.slice(1), type_id } } : { SpecialToken: { id, type_id } };
    };
    const pieces = (text: string) => text.split(" ").map(piece);
    const special_tokens = Object.fromEntries([special("[CLS]", [2]), special("[SEP]", [3]), special("[X]", [4, 5])]);
    return { type: "TemplateProcessing", single: pieces(single), pair: pieces(pair), special_tokens };
  };

  it.each<[string, JsonObject | null, { single: number; pair: number; types: number[] }]>([
    ["BERT", { type: "BertProcessing", ...cls }, { single: 2, pair: 3, types: [0, 0, 0, 0] }],
    [
      "RoBERTa",
      { type: "RobertaProcessing", ...cls, trim_offsets: true, add_prefix_space: true },
      { single: 2, pair: 4, types: [0, 0, 0, 0] },
    ],
    [
      "RoBERTa without `trim_offsets`, which the reference reads as BERT's",
      { type: "RobertaProcessing", ...cls, add_prefix_space: true },
      { single: 2, pair: 3, types: [0, 0, 0, 0] },
    ],
    [
      "BERT with RoBERTa's options, which the reference reads as RoBERTa's",
      { type: "BertProcessing", ...cls, trim_offsets: true, add_prefix_space: false },
      { single: 2, pair: 4, types: [0, 0, 0, 0] },
    ],
    [
      "RoBERTa behind ByteLevel",
      {
        type: "Sequence",
        processors: [
          { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
          { type: "RobertaProcessing", ...cls, trim_offsets: false, add_prefix_space: true },
        ],
      },
      { single: 2, pair: 4, types: [0, 0, 0, 0] },
    ],
    [
      "XLNet",
      template("$A [SEP] [CLS]:2", "$A [SEP] $B:1 [SEP]:1 [CLS]:2"),
      { single: 2, pair: 3, types: [0, 0, 0, 2] },
    ],
    [
      "Funnel",
      template("[CLS]:2 $A [SEP]", "[CLS]:2 $A [SEP] $B:1 [SEP]:1"),
      { single: 2, pair: 3, types: [2, 0, 0, 0] },
    ],
    ["the second text first", template("$A:1 [X]", "[X]:1 $B $A:1"), { single: 2, pair: 2, types: [1, 1, 0, 0] }],
    ["none", null, { single: 0, pair: 0, types: [0, 0] }],
  ])("%s", async (_, post_processor, { single, pair, types }) => {
    const files = filesOf("wordpiece-uncased", { post_processor });
    const tokenizer = runSteps(loadTokenizer(files.json, files.config));
    const texts = { text: "the edge", textPair: "the origin" };
    expect([tokenizer.specialTokensOf("the edge"), tokenizer.specialTokensOf(texts)]).toEqual([single, pair]);
    expect(tokenizer.framedTypeIds(2)).toEqual(types);
    expect(
      await compareTokenizers(files, ["the edge", "", texts, { text: "", textPair: "the" }, ...probingPairs(40)]),
    ).toEqual([]);
  });
});
