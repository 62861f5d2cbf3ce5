import { describe, expect, it } from "vitest";
import { type KeyPath, parseClassifyRequest } from "../../../../gateway/receive/request-shape.ts";

const ALLOWED = "Allowed: `top_k`, `function_to_apply`, `return_all_scores`, `truncation`, `padding`, `max_length`.";
const ALLOWED_KEYS = "Allowed: `inputs`, `parameters`, `options`.";
const parsed = (value: unknown) => parseClassifyRequest(value, 64);
const problemOf = (value: unknown) => {
  const result = parsed(value);
  return result.ok ? null : result.refusal;
};
const withParameters = (parameters: unknown) => ({ inputs: "a text", parameters });

/** A key of letters for each number. */
const letters = (number: number) => String(number).replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "");

describe("Hugging Face's words", () => {
  it.each([
    [{ options: { wait_for_model: true, use_cache: false } }],
    [{ options: null, parameters: null }],
    [{ parameters: { truncation: true, padding: "max_length", max_length: 512 } }],
    [{ parameters: { truncation: "longest_first", padding: false, max_length: null } }],
  ])("%j has no effect", (words) => {
    expect(parsed({ inputs: "a text", ...words })).toEqual({
      ok: true,
      value: { texts: ["a text"], topK: undefined, functionToApply: undefined },
    });
  });

  it.each([
    [{ return_all_scores: true }, undefined],
    [{ return_all_scores: false }, 1],
    [{ return_all_scores: null, top_k: 2 }, 2],
    [{ return_all_scores: true, top_k: null }, undefined],
  ])("%j is top_k %j", (parameters, topK) => {
    expect(parsed(withParameters(parameters))).toMatchObject({ ok: true, value: { topK } });
  });
});

describe("what a caller wrote and Spillway does not obey is a 422 with key, place and what is allowed", () => {
  it.each<[unknown, string]>([
    [{ inputs: "a", top_k: 3 }, "`top_k` belongs in `parameters`, not at the top level."],
    [{ inputs: "a", return_all_scores: true }, "`return_all_scores` belongs in `parameters`, not at the top level."],
    [{ inputs: "a", truncation: true }, "`truncation` belongs in `parameters`, not at the top level."],
    [
      { inputs: "a", paramters: {} },
      `\`paramters\` is an unknown key at the top level; did you mean \`parameters\`? ${ALLOWED_KEYS}`,
    ],
    [
      { inputs: "a", topK: 1 },
      `\`topK\` is an unknown key at the top level; did you mean \`parameters.top_k\`? ${ALLOWED_KEYS}`,
    ],
    [
      { input: "a" },
      `\`input\` is an unknown key at the top level; did you mean \`inputs\`? ${ALLOWED_KEYS} \`inputs\` is missing.`,
    ],
    [{ text: "a" }, `\`text\` is an unknown key at the top level. ${ALLOWED_KEYS} \`inputs\` is missing.`],
    [{ inputs: "a", model: "some/model" }, `\`model\` is an unknown key at the top level. ${ALLOWED_KEYS}`],
    [{ inputs: "a", language: "de" }, `\`language\` is an unknown key at the top level. ${ALLOWED_KEYS}`],
    [{ inputs: "a", stream: null }, `\`stream\` is an unknown key at the top level. ${ALLOWED_KEYS}`],
    [{ inputs: "a", constructor: {} }, `\`constructor\` is an unknown key at the top level. ${ALLOWED_KEYS}`],
    [
      JSON.parse('{"inputs": "a", "__proto__": {}}'),
      `A key of the body is an unknown key at the top level. ${ALLOWED_KEYS}`,
    ],
    [withParameters({ topk: 1 }), `\`parameters.topk\` is an unknown parameter; did you mean \`top_k\`? ${ALLOWED}`],
    [withParameters({ candidate_labels: [] }), `\`parameters.candidate_labels\` is an unknown parameter. ${ALLOWED}`],
    [withParameters({ top_k: 0 }), "`parameters.top_k` must be a whole number of at least 1 or null."],
    [withParameters({ top_k: "3" }), "`parameters.top_k` must be a whole number of at least 1 or null."],
    [
      withParameters({ function_to_apply: "Softmax" }),
      '`parameters.function_to_apply` must be "softmax", "sigmoid", "none" or null.',
    ],
    [withParameters({ max_length: "long" }), "`parameters.max_length` must be a whole number of at least 1 or null."],
    [withParameters({ truncation: 5 }), "`parameters.truncation` must be true, false, text or null."],
    [withParameters([]), "`parameters` must be an object or null."],
    [{ inputs: "a", options: "fast" }, "`options` must be an object or null."],
    [["a"], "The body must be a JSON object."],
    [null, "The body must be a JSON object."],
    [
      withParameters({ top_k: 1, return_all_scores: true }),
      "`parameters.top_k` and `parameters.return_all_scores` are two words for the same; send only `top_k`.",
    ],
  ])("%j", (value, sentence) => {
    const refusal = problemOf(value);
    expect(refusal).toMatchObject({ code: "unprocessable", reason: "shape" });
    const [first] = (refusal?.publicText ?? "").split(" The request must have the form");
    expect(first).toBe(sentence);
  });

  it("several problems are in one answer", () => {
    const refusal = problemOf({ top_k: 1, parameters: { topk: 1, function_to_apply: "x" } });
    for (const place of ["`top_k` belongs", "`inputs` is missing", "parameters.topk", "parameters.function_to_apply"]) {
      expect(refusal?.publicText).toContain(place);
    }
  });

  it("a key that is given twice is named", () => {
    const twice = (...paths: KeyPath[]) => parseClassifyRequest(withParameters({ top_k: 1 }), 64, paths);
    expect(twice(["inputs"], ["parameters", "top_k"])).toMatchObject({
      ok: false,
      refusal: {
        publicText: expect.stringMatching(/^`inputs` is given twice\. `parameters\.top_k` is given twice\. /),
      },
    });
    expect(twice(["inputs", "text_pair"], ["inputs", 3, "text"])).toMatchObject({
      ok: false,
      refusal: {
        publicText: expect.stringMatching(
          /^`inputs\.text_pair` is given twice\. `inputs\[3\]\.text` is given twice\. /,
        ),
      },
    });
    expect(twice(["other"], ["options", "text"], ["inputs", 3, "other"])).toMatchObject({ ok: true });
  });

  it("a key that could be a part of the text is not repeated", () => {
    for (const key of ["my secret text", "secret7", "s".repeat(41), "été"]) {
      const refusal = problemOf(withParameters({ [key]: 1 }));
      expect(refusal?.publicText).toMatch(/^A key of `parameters` is an unknown parameter\. Allowed: /);
      expect(refusal?.publicText).not.toContain(key);
    }
    for (const key of ["my secret text", "secret7", "s".repeat(41), "été"]) {
      const refusal = problemOf({ inputs: "a", [key]: 1 });
      expect(refusal?.publicText).toMatch(/^A key of the body is an unknown key at the top level\. Allowed: /);
      expect(refusal?.publicText).not.toContain(key);
    }
  });

  it("a thousand keys are no more than four sentences", () => {
    const keys = (start: number) =>
      Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [letters(start + at), 1]));
    const refusal = problemOf({ inputs: "a", ...keys(1000), parameters: keys(5000) });
    expect(refusal?.publicText.match(/ is an unknown /g)).toHaveLength(4);
  });
});
