/** What `inputs` may be: a text, a pair as Hugging Face's pipeline accepts it, or a list of them. */
import { describe, expect, it } from "vitest";
import { parseClassifyRequest } from "../../../../gateway/receive/request-shape.ts";

const parsed = (inputs: unknown, maxInputs = 64) => parseClassifyRequest({ inputs }, maxInputs);

function problemOf(inputs: unknown, maxInputs?: number): string {
  const result = parsed(inputs, maxInputs);
  return result.ok ? "none" : `${result.refusal.code}: ${result.refusal.publicText}`;
}

describe("accepted are", () => {
  it.each([
    ["a", ["a"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
    [{ text: "a", text_pair: "b" }, [{ text: "a", textPair: "b" }]],
    [{ text: "a" }, ["a"]],
    [{ text: "a", text_pair: null }, ["a"]],
    [
      ["a", { text: "b", text_pair: "c" }, { text: "d" }],
      ["a", { text: "b", textPair: "c" }, "d"],
    ],
  ])("%j", (inputs, texts) => {
    expect(parsed(inputs)).toMatchObject({ ok: true, value: { texts } });
  });
});

const FORM = "an object with `text` and `text_pair`";
const ALLOWED = "Allowed: `text`, `text_pair`.";

describe("refused with place, what was seen and what is allowed:", () => {
  it.each<[unknown, string]>([
    [undefined, "`inputs` is missing."],
    [7, `\`inputs\` is a number; it must be text, ${FORM}, or a list of them.`],
    [null, `\`inputs\` is null; it must be text, ${FORM}, or a list of them.`],
    [["a", null], `\`inputs[1]\` is null; it must be text or ${FORM}.`],
    [[["a", "b"]], `\`inputs[0]\` is a list; it must be text or ${FORM}.`],
    [["a", false, 7], `\`inputs[1]\` is a boolean; it must be text or ${FORM}.`],
    [{}, "`inputs.text` is missing."],
    [{ text_pair: "b" }, "`inputs.text` is missing."],
    [{ text: 7, text_pair: "b" }, "`inputs.text` is a number; it must be text."],
    [{ text: null }, "`inputs.text` is null; it must be text."],
    [{ text: "a", text_pair: ["b"] }, "`inputs.text_pair` is a list; it must be text or null."],
    [["a", { text: "a", text_pair: {} }], "`inputs[1].text_pair` is an object; it must be text or null."],
    [{ text: "a", textPair: "b" }, `\`inputs.textPair\` is an unknown key; did you mean \`text_pair\`? ${ALLOWED}`],
    [[{ text: "a", top_k: 1 }], `\`inputs[0].top_k\` is an unknown key. ${ALLOWED}`],
    [
      { text_a: "a", text_pair: 1 },
      `\`inputs.text_a\` is an unknown key; did you mean \`text\`? ${ALLOWED} \`inputs.text\` is missing. \`inputs.text_pair\` is a number; it must be text or null.`,
    ],
  ])("%j", (inputs, sentences) => {
    expect(problemOf(inputs).split(" The request must have the form")[0]).toBe(`unprocessable: ${sentences}`);
  });

  it("a key that could be a part of the text, without the key", () => {
    expect(problemOf([{ text: "a", "my secret": "b" }])).toMatch(
      /^unprocessable: A key of `inputs\[0\]` is an unknown key\. Allowed: /,
    );
  });

  it.each<[unknown, string]>([
    [[], "`inputs` is an empty list. Send at least one text."],
    [["a", " \n"], "Input 1 is an empty text."],
    [{ text: " " }, "Input 0 is an empty text."],
    [{ text: "", text_pair: "b" }, "Input 0 has an empty `text`."],
    [["a", { text: "a", text_pair: " " }], "Input 1 has an empty `text_pair`. Leave it out for a single text."],
  ])("%j is empty", (inputs, sentence) => {
    expect(problemOf(inputs)).toBe(`unprocessable: ${sentence}`);
  });

  it("too many, where a pair counts as one, before they are looked at one by one", () => {
    const pair = { text: "a", text_pair: "b" };
    expect(problemOf([pair, "a"], 2)).toBe("none");
    const sentence = "too-large: `inputs` has 3 texts; at most 2 are allowed per request.";
    expect(problemOf([pair, "a", "a"], 2)).toBe(sentence);
    expect(problemOf([1, 2, 3], 2)).toBe(sentence);
  });
});
