/** Tokenizing no more of a text than it takes to know where it goes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenizer } from "../../../../formats/model-package/tokenizer.ts";

const read = (file: string) => readFileSync(new URL(`../../../../models/mail-tagger/${file}`, import.meta.url), "utf8");
const tokenizer = createTokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
const ENOUGH = 256;

describe("a text that surely has too many tokens", () => {
  it("is looked at only at its beginning, and still counts as too long", () => {
    const megabyte = "the notes of the meeting ".repeat(40_000);
    const { length } = tokenizer.encode(megabyte, ENOUGH);
    expect(length).toBeGreaterThan(ENOUGH);
    expect(length).toBeLessThan(10_000);
  });
});

describe("a text that may fit", () => {
  it.each([
    ["a long beginning of white space", `${" ".repeat(20_000)}see you at lunch`],
    ["few tokens in many characters", `${"x".repeat(9000)} see you at lunch`],
    ["exactly as many tokens as fit, after a long gap", `${"a ".repeat(ENOUGH - 3)}${" ".repeat(9000)}b`],
    ["a few tokens more than fit", `${"a ".repeat(ENOUGH + 60)}${" ".repeat(9000)}b`],
  ])("%s: is tokenized whole", (_, text) => {
    expect(tokenizer.encode(text, ENOUGH)).toEqual(tokenizer.encode(text));
  });

  it("is never called too long because its last word was cut in the middle", () => {
    // The cut falls into a word of one unknown token whose beginning has a hundred.
    const text = `${"a ".repeat(4050)}${"q".repeat(200)}`;
    const whole = tokenizer.encode(text).length;
    expect(tokenizer.encode(text, whole - 1).length).toBeGreaterThan(whole - 1);
    expect(tokenizer.encode(text, whole)).toHaveLength(whole);
  });
});
