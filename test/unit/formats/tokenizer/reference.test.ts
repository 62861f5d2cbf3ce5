/** The same ids and token types as Hugging Face's own tokenizers, on texts of all scripts and their mixtures. */
import { describe, expect, inject, it } from "vitest";
import { effectivePreTokenizer } from "../../../../formats/tokenizer/tokenizer-config.ts";
import { compareTokenizers } from "../../../../tools/tokenizer-check/compare.ts";
import { addedTokenTexts, ownTokens } from "../../../../tools/tokenizer-check/own-tokens.ts";
import { probingTexts } from "../../../../tools/tokenizer-check/probing-texts.ts";
import { allFixtures, filesOf } from "./fixtures.ts";

const TEXTS = inject("fuzzFactor") > 1 ? 7000 : 350;
const PAIRS = 60;
/** Another seed finds other texts. */
const SEED = 1;

describe.each(allFixtures())("%s", (_, files) => {
  const { added, vocabulary } = ownTokens(files);
  const texts = [
    ...addedTokenTexts(added, TEXTS),
    ...probingTexts(TEXTS, { seed: SEED, words: [...vocabulary, ...added] }),
  ];

  it("has the reference's tokens for every text", async () => {
    expect(await compareTokenizers(files, texts)).toEqual([]);
  });

  it("has the reference's tokens and token types for pairs", async () => {
    const pairs = texts.slice(-PAIRS).map((text, index) => ({ text, textPair: texts[index] ?? "" }));
    expect(await compareTokenizers(files, pairs)).toEqual([]);
  });
});

describe("texts of many thousand characters", () => {
  const long = [
    "漢字".repeat(3000),
    "a".repeat(9000),
    "haha".repeat(2000),
    "-".repeat(7001),
    `${" ".repeat(8200)}word `.repeat(3),
    `x${"\u0301\u0323".repeat(400)}y`,
    Array.from({ length: 3000 }, (_, index) => ((index * 2654435761) >>> 0).toString(16)).join(""),
    Array.from(
      { length: 2000 },
      (_, index) => `${((index * 2654435761) >>> 0).toString(36)}${index % 9 === 0 ? "\n" : ""}`,
    ).join(""),
    "[MASK]".repeat(900),
    `${" ".repeat(3000)}<mask>${" ".repeat(3000)}<mask>`,
    "ab<mask".repeat(1000),
    `x${" \n\u3000".repeat(300)}y${"\t".repeat(700)}`,
    `${" ".repeat(600)}<mas ${"\u00a0".repeat(900)} <mask>${" ".repeat(300)} <mask`,
    `${"漢".repeat(900)}a${"字a".repeat(400)}`,
    "e\u0301\uac00\u11a8".repeat(700),
  ];

  it.each(allFixtures())("%s", async (_, files) => {
    expect(await compareTokenizers(files, long)).toEqual([]);
  });
});

it("an added token that is listed twice is the last one", async () => {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const token = (id: number, changes: object) => ({ id, content: "<b> c", ...plain, ...changes });
  const files = filesOf("wordpiece-cased", {
    normalizer: { type: "NFC" },
    added_tokens: [token(5000, {}), token(5001, { normalized: true, rstrip: true })],
  });
  expect(await compareTokenizers(files, ["a<b> c\u0301x", "<b> c <b> c  x"])).toEqual([]);
});

describe("tokenizer_config.json", () => {
  const texts = probingTexts(200, { seed: SEED });
  const configs = [
    { tokenizer_class: "BertTokenizer", do_lower_case: false },
    {
      tokenizer_class: "DistilBertTokenizerFast",
      do_lower_case: true,
      strip_accents: false,
      tokenize_chinese_chars: false,
    },
    { tokenizer_class: "BertTokenizer" },
    { tokenizer_class: "SplinterTokenizerFast", do_lower_case: false },
  ];

  it.each(configs)("%j: its options are obeyed, as in Python", async (config) => {
    expect(await compareTokenizers(filesOf("wordpiece-cased", {}, config), texts)).toEqual([]);
    expect(await compareTokenizers(filesOf("wordpiece-uncased", {}, config), texts)).toEqual([]);
  });

  // What transformers 4.57 and 5.24 make of each.
  it.each<[string, boolean | null, boolean, boolean]>([
    ["RobertaTokenizer", true, false, true],
    ["RobertaTokenizerFast", false, true, false],
    ["LongformerTokenizer", null, true, false],
    ["GPT2Tokenizer", null, false, false],
    ["LayoutLMv3Tokenizer", null, false, true],
    ["BlenderbotTokenizer", true, false, true],
    ["PreTrainedTokenizerFast", null, true, true],
  ])("%s with add_prefix_space %s, and %s in tokenizer.json: %s", async (tokenizer_class, option, own, effective) => {
    const byteLevel = (add_prefix_space: boolean) => ({ type: "ByteLevel", add_prefix_space, trim_offsets: true });
    const config = { tokenizer_class, ...(option !== null && { add_prefix_space: option }) };
    expect(effectivePreTokenizer(byteLevel(own), config)).toEqual(byteLevel(effective));
    expect(await compareTokenizers(filesOf("bpe-bytelevel", { pre_tokenizer: byteLevel(own) }, config), texts)).toEqual(
      [],
    );
  });
});
