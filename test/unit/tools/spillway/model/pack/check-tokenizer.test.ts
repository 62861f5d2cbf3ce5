/** A tokenizer whose tokens would differ from the author's is not packed. */
import { afterEach, describe, expect, it, vi } from "vitest";
import * as template from "../../../../../../formats/tokenizer/template.ts";
import { checkTokenizer } from "../../../../../../tools/spillway/model/pack/check-tokenizer.ts";
import { allFixtures, filesOf } from "../../../../formats/tokenizer/fixtures.ts";

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
      '2000 of 2000 probing texts have other tokens than in Hugging Face\'s tokenizers. "": 3; expected 2 3',
    );
  });
});
