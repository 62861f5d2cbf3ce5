/** What an exception of the tokenizer is: the text's, and nothing of the model's. */
import { expect, it } from "vitest";
import { TextError } from "../../../../formats/tokenizer/core/tokenizer-error.ts";
import { tokenizeText } from "../../../../gateway/edge/tokenize-text.ts";

const packageThat = (error: Error) => ({
  modelId: "model",
  edge: { maxTokens: 256 },
  tokenizer: {
    encode: () => ({
      next: () => {
        throw error;
      },
    }),
  },
});
const pause = () => Promise.resolve();

it.each([
  ["that the tokenizer refuses", new TextError("too many marks"), "TextError"],
  ["on which it throws anything else", new RangeError("stack"), "RangeError"],
])("a text %s is one that is too long for the edge", async (_, error, fault) => {
  expect(await tokenizeText("text", packageThat(error), pause)).toEqual({
    ...{ text: "text", modelId: "model", tokens: 257, tokenIds: null, typeIds: null, fault },
  });
});
