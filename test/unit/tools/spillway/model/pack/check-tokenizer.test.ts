/** A tokenizer whose tokens would differ from the author's is not packed. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../../../../../formats/json.ts";
import * as addedTokens from "../../../../../../formats/tokenizer/core/added-tokens.ts";
import { wordLevel } from "../../../../../../formats/tokenizer/models/word-level.ts";
import * as model from "../../../../../../formats/tokenizer/models/word-piece.ts";
import * as simple from "../../../../../../formats/tokenizer/normalize/simple.ts";
import * as split from "../../../../../../formats/tokenizer/split/by-class.ts";
import * as template from "../../../../../../formats/tokenizer/template.ts";
import { checkTokenizer, probingInputs } from "../../../../../../tools/spillway/model/pack/check-tokenizer.ts";
import { allFixtures, filesOf } from "../../../../formats/tokenizer/fixtures.ts";

vi.mock("../../../../../../formats/tokenizer/core/added-tokens.ts", { spy: true });
vi.mock("../../../../../../formats/tokenizer/models/word-piece.ts", { spy: true });
vi.mock("../../../../../../formats/tokenizer/normalize/simple.ts", { spy: true });
vi.mock("../../../../../../formats/tokenizer/split/by-class.ts", { spy: true });
vi.mock("../../../../../../formats/tokenizer/template.ts", { spy: true });
afterEach(() => vi.resetAllMocks());

describe("checkTokenizer", () => {
  it.each(allFixtures().slice(0, 3))("accepts a tokenizer that is served exactly: %s", async (_, { json, config }) => {
    await checkTokenizer(json, config);
  });

  it("names the component that is not served", async () => {
    const { json, config } = filesOf("wordlevel", { pre_tokenizer: { type: "UnicodeScripts" } });
    await expect(checkTokenizer(json, config)).rejects.toThrow("pre_tokenizer.UnicodeScripts is not supported");
  });

  it("shows the text and both results of a difference", async () => {
    const frame = { ids: [3], typeId: 0 };
    vi.mocked(template.readTemplate).mockReturnValue({ single: [frame, { text: 0, typeId: 0 }], pair: null });
    const { json, config } = filesOf("wordpiece-uncased");
    await expect(checkTokenizer(json, config)).rejects.toThrow(
      '2140 of 2140 probing texts have other tokens than in Hugging Face\'s tokenizers. "": 3; expected 2 3. The difference is in post_processor.TemplateProcessing',
    );
  });

  it("names the step of a sequence whose result differs", async () => {
    const { json, config } = filesOf("wordpiece-uncased", {
      normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Digits", individual_digits: false }],
      },
    });
    await checkTokenizer(json, config);
    vi.mocked(simple.lowercase).mockReturnValue((next) => next);
    await expect(checkTokenizer(json, config)).rejects.toThrow(/The difference is in normalizer\.Lowercase$/);
    vi.mocked(simple.lowercase).mockReset();
    vi.mocked(split.digits).mockReturnValue((next) => next);
    await expect(checkTokenizer(json, config)).rejects.toThrow(/The difference is in pre_tokenizer\.Digits$/);
    vi.mocked(split.digits).mockReset();
    vi.mocked(model.wordPiece).mockImplementation(({ trie, unknownId }) => wordLevel(trie, unknownId));
    await expect(checkTokenizer(json, config)).rejects.toThrow(/The difference is in model\.WordPiece$/);
  });
});

describe("a package's own tokens", () => {
  const token = (content: string, changes: JsonObject = {}): JsonObject => ({
    id: 5000,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
    ...changes,
  });
  const withToken = (content: string, changes: JsonObject = {}, name = "wordpiece-uncased") =>
    filesOf(name, { added_tokens: [token(content, changes)] });

  it("are in at least 2,000 probing texts: added ones at both ends, doubled, beside punctuation, in either case; a sample of the vocabulary", () => {
    const files = withToken("[X:Product]");
    const texts = probingInputs(files).filter((input) => typeof input === "string");
    expect(texts.length).toBeGreaterThanOrEqual(2000);
    for (const form of [
      /^\[X:Product\]$/,
      /^\[X:Product\] \w/,
      /\w \[X:Product\] \w/,
      /\w \[X:Product\]$/,
      /\[X:Product\]\[X:Product\]/,
      /\w\[X:Product\]\w/,
      /\s\s\[X:Product\]\s\s/,
      /\(\[X:Product\]\), "\[X:Product\]"/,
      /\[X:PRODUCT\]/,
      /\[x:product\]/,
      /\[X:Product \[X:Product\[X:Product\]/,
    ]) {
      expect(texts, String(form)).toContainEqual(expect.stringMatching(form));
    }
    const { vocab } = Object(JSON.parse(files.json)).model;
    const words = Object.keys(vocab).filter((word) => /^[a-z]{6,}$/.test(word));
    const probed = words.filter((word) => texts.some((text) => text.includes(word)));
    expect(probed.length).toBeGreaterThan(words.length / 2);
    expect(probingInputs(files).filter((input) => typeof input !== "string")).toHaveLength(200);
  });

  it("are bounded in number, and all there: of many added tokens each has at least one text", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `<extra_${index}>`);
    const added_tokens = names.map((content, index) => token(content, { id: 5000 + index }));
    const texts = probingInputs(filesOf("wordpiece-uncased", { added_tokens })).map(String);
    expect(texts.length).toBeLessThan(7000);
    for (const name of names) expect(texts.some((text) => text.toLowerCase().includes(name))).toBe(true);
  });

  it("of which the normalizer leaves nothing are refused before the reference, which would not end, is asked", async () => {
    const { json, config } = withToken("\u200d\u0301", { normalized: true });
    await expect(checkTokenizer(json, config)).rejects.toThrow(
      'added_tokens has "\u200d\u0301", of which the normalizer leaves nothing.',
    );
    const raw = withToken("\u200d\u0301");
    await checkTokenizer(raw.json, raw.config);
  });

  // None of these tokens is in a text that is the same for all tokenizers. Whitespace is part of byte-level tokens only.
  it.each<[string, string, JsonObject, Partial<addedTokens.AddedToken>]>([
    ["bpe-bytelevel", "[X:product]", { lstrip: true }, { lstrip: false }],
    ["bpe-bytelevel", "[X:product]", { rstrip: true }, { rstrip: false }],
    ["wordpiece-uncased", "lowtok", { single_word: true }, { singleWord: false }],
    ["wordpiece-uncased", "LowTok", { normalized: true }, { content: "LowTok" }],
    ["wordpiece-uncased", "[X:product]", {}, { content: "[x:product]" }],
    ["unigram-xlmr", "[X:product]", {}, { id: 17 }],
  ])(
    "%s, %s with %j: one that serves it with %j is refused, with a text that has it and both results",
    async (name, content, flags, wrong) => {
      const { json, config } = withToken(content, flags, name);
      await checkTokenizer(json, config);
      const { findAddedTokens } = await vi.importActual<typeof addedTokens>(
        "../../../../../../formats/tokenizer/core/added-tokens.ts",
      );
      vi.mocked(addedTokens.findAddedTokens).mockImplementation((tokens, tests) =>
        findAddedTokens(
          tokens.map((each) => ({ ...each, ...wrong })),
          tests,
        ),
      );
      await expect(checkTokenizer(json, config)).rejects.toThrow(
        new RegExp(
          `of \\d+ probing texts have other tokens than in Hugging Face's tokenizers\\. ".*${RegExp.escape(content)}.*": [\\d …]+; expected [\\d …]+\\. The difference is in added_tokens$`,
          "is",
        ),
      );
    },
  );
});
