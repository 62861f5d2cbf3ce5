/** What an exception of the tokenizer is: the request's error, and nothing of the model's. */
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

it("a text that the tokenizer refuses is one that is too long for the edge", async () => {
  expect(await tokenizeText("text", packageThat(new TextError("too many marks")), pause)).toEqual({
    ...{ text: "text", modelId: "model", tokens: 257, tokenIds: null, typeIds: null },
  });
});

it("any other exception is the request's own", async () => {
  await expect(tokenizeText("text", packageThat(new RangeError("stack")), pause)).rejects.toThrow(RangeError);
});
