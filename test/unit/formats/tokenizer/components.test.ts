/** Each normalizer's text and each pre-tokenizer's pieces are the reference's: token ids hide differences in unknown words. */
import { expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import type { MakeStage, Stage } from "../../../../formats/tokenizer/core/stage.ts";
import { loadTokenizer, runSteps } from "../../../../formats/tokenizer/load-tokenizer.ts";
import { readNormalizer, readPreTokenizer } from "../../../../formats/tokenizer/read-components.ts";
import { encodeAll, referenceTokenizer } from "../../../../tools/tokenizer-check/compare.ts";
import { probingTexts } from "../../../../tools/tokenizer-check/probing-texts.ts";
import { filesOf, trained } from "./fixtures.ts";

const TEXTS = probingTexts(1500, {
  seed: 5,
  words: ["'ll", "'re", "'s", "\u302e\u1b44", "\u{1d165}\u{11446}", "l", "ve"],
});

/** The pieces that come out of the stages. */
function piecesOf(stages: readonly MakeStage[], text: string): string[] {
  const pieces: string[] = [""];
  const sink: Stage = {
    put: (codePoint) => {
      pieces.push(pieces.pop() + String.fromCodePoint(codePoint));
    },
    end: () => {
      pieces.push("");
    },
    token: () => {},
  };
  const head = stages.reduceRight<Stage>((next, make) => make(next), sink);
  for (const char of text) head.put(char.codePointAt(0) ?? 0);
  head.end();
  return pieces.filter((piece) => piece !== "");
}

const bert = (options: JsonObject): JsonObject => ({
  type: "BertNormalizer",
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
  ...options,
});

it.each<JsonObject>([
  bert({}),
  bert({ lowercase: false }),
  bert({ clean_text: false }),
  bert({ clean_text: false, handle_chinese_chars: false, strip_accents: true, lowercase: false }),
  bert({ strip_accents: false }),
  { type: "NFC" },
  { type: "NFD" },
  { type: "NFKC" },
  { type: "NFKD" },
  { type: "Lowercase" },
  { type: "StripAccents" },
  { type: "Nmt" },
  { type: "Strip", strip_left: true, strip_right: true },
  { type: "Prepend", prepend: "▁" },
  { type: "Replace", pattern: { String: "aa" }, content: "b" },
  { type: "Replace", pattern: { Regex: " {2,}" }, content: "▁" },
  { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
  trained("unigram-xlmr")["normalizer"] as JsonObject,
])("normalizer %#", (normalizer) => {
  const reference = referenceTokenizer(filesOf("wordlevel", { normalizer })).getNormalizer();
  const stages = readNormalizer(normalizer);
  const found = TEXTS.map((text) => piecesOf(stages, text).join(""));
  expect(found).toEqual(TEXTS.map((text) => reference?.normalizeString(text)));
});

it.each<JsonObject>([
  { type: "BertPreTokenizer" },
  { type: "Whitespace" },
  { type: "WhitespaceSplit" },
  { type: "Digits", individual_digits: true },
  { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
  { type: "ByteLevel", add_prefix_space: true, trim_offsets: true },
  { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  { type: "Metaspace", replacement: "▁", prepend_scheme: "never", split: true },
])("pre-tokenizer %#", (preTokenizer) => {
  const reference = referenceTokenizer(filesOf("wordlevel", { pre_tokenizer: preTokenizer })).getPreTokenizer();
  const stages = readPreTokenizer(preTokenizer);
  const texts = TEXTS.filter((text) => text !== "");
  const expected = texts.map((text) => reference?.preTokenizeString(text).map(([piece]) => piece));
  expect(texts.map((text) => piecesOf(stages, text))).toEqual(expected);
});

it("decides between equal rows of pieces by the last bit of their scores, as Rust reads them", async () => {
  const scores = Array.from({ length: 40 }, (_, seed) => -(2 + Math.abs(Math.sin(seed + 1)) * 9));
  const texts = Array.from({ length: 60 }, (_, index) => "a".repeat(index + 1));
  for (let seed = 0; seed + 4 <= scores.length; seed++) {
    const [one = -1, two = -1, three = -1] = scores.slice(seed);
    const vocab = [
      ["<unk>", 0],
      ["a", one],
      ["aa", one + two / 3],
      ["aaa", one + two / 2 + three / 9],
      ["aaaa", 2 * one + three / 3],
    ];
    const model = { type: "Unigram", unk_id: 0, vocab, byte_fallback: false };
    const files = filesOf("unigram-xlmr", {
      model,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
    });
    const ours = runSteps(loadTokenizer(files.json, files.config));
    const expected = await referenceTokenizer(files).encodeBatch(texts);
    expect(texts.map((text) => encodeAll(ours, text)[0])).toEqual(expected.map((encoding) => encoding.getIds()));
  }
});
