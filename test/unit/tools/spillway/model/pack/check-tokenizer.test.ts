/** A tokenizer whose tokens would differ from the author's is not packed. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { wordLevel } from "../../../../../../formats/tokenizer/models/word-level.ts";
import * as model from "../../../../../../formats/tokenizer/models/word-piece.ts";
import * as simple from "../../../../../../formats/tokenizer/normalize/simple.ts";
import * as split from "../../../../../../formats/tokenizer/split/by-class.ts";
import * as template from "../../../../../../formats/tokenizer/template.ts";
import { checkTokenizer } from "../../../../../../tools/spillway/model/pack/check-tokenizer.ts";
import { allFixtures, filesOf } from "../../../../formats/tokenizer/fixtures.ts";

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
      '2000 of 2000 probing texts have other tokens than in Hugging Face\'s tokenizers. "": 3; expected 2 3. The difference is in post_processor.TemplateProcessing',
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
