/** No word is without an id: a model that has no token for what it does not know is refused, or leaves it out as the reference does. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../formats/json.ts";
import { compareTokenizers, ourTokenizer, referenceTokenizer } from "../../../../tools/tokenizer-check/compare.ts";
import { probingTexts } from "../../../../tools/tokenizer-check/probing-texts.ts";
import { filesOf, trained } from "./fixtures.ts";

describe("a model without a token for what is unknown", () => {
  const forms = [["absent"], ["null"]] as const;
  const without = (name: string, key: string, form: string) => {
    const { [key]: _, ...rest } = Object(trained(name)["model"]) as JsonObject;
    return filesOf(name, { model: form === "null" ? { ...rest, [key]: null } : rest });
  };
  const UNKNOWN = "\u{1f9ff}\u{1f9ff} 漢q \u{10fffd}ß";

  // In the reference, the files of the first two cannot be loaded; Unigram fails at a text with an unknown character.
  describe.each([
    ["wordlevel", "unk_token"],
    ["wordpiece-uncased", "unk_token"],
    ["unigram-xlmr", "unk_id"],
  ])("%s", (name, key) => {
    it.each(forms)(
      `is refused by name with ${key} %s, and the reference has no tokens for a text either`,
      async (form) => {
        const files = without(name, key, form);
        expect(() => ourTokenizer(files)).toThrow(`model.${key} is missing: some texts would have no tokens.`);
        const encode = async () => await referenceTokenizer(files).encode(UNKNOWN);
        await expect(encode()).rejects.toThrow(/unk_token|unk_id|missing|invalid/i);
      },
    );
  });

  describe.each([["bpe-suffix"], ["bpe-bytelevel"]])("%s", (name) => {
    it.each(forms)("leaves unknown characters out with unk_token %s, as the reference does", async (form) => {
      const files = without(name, "unk_token", form);
      expect(await compareTokenizers(files, [UNKNOWN, ...probingTexts(300)])).toEqual([]);
    });
  });

  it.each<[string, string, JsonObject[string]]>([
    ["bpe-suffix", "unk_token", 3],
    ["bpe-suffix", "unk_token", "nowhere"],
    ["unigram-xlmr", "unk_id", -1],
    ["unigram-xlmr", "unk_id", 1.5],
    ["unigram-xlmr", "unk_id", "<unk>"],
    ["unigram-xlmr", "unk_id", 1e6],
  ])("%s with %s %j is refused, as by the reference", async (name, key, value) => {
    const files = filesOf(name, { model: { ...(Object(trained(name)["model"]) as JsonObject), [key]: value } });
    expect(() => ourTokenizer(files)).toThrow(`model.${key} is ${JSON.stringify(value)}`);
    const encode = async () => await referenceTokenizer(files).encode(UNKNOWN);
    await expect(encode()).rejects.toThrow();
  });
});
