import { Tokenizer } from "@huggingface/tokenizers";
import type { Frame } from "./windows.ts";

export type TextTokenizer = {
  frame: Frame;
  /** Token ids of the text alone, without the frame. */
  contentIds(text: string): number[];
};

/** From the contents of `tokenizer.json` and `tokenizer_config.json`; throws where the tokenizer frames no text with two ids. */
export function createTokenizer(tokenizerJson: object, tokenizerConfig: object): TextTokenizer {
  const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig);
  return {
    frame: frameOf(tokenizer),
    contentIds: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
  };
}

/** Asking the tokenizer to frame an empty text leaves the names of the special tokens to the package. */
function frameOf(tokenizer: Tokenizer): Frame {
  const { ids } = tokenizer.encode("");
  const [startId, endId] = ids;
  if (ids.length !== 2 || startId === undefined || endId === undefined) {
    throw new Error(`the tokenizer frames an empty text with ${ids.length} tokens; expected a first and a last one`);
  }
  return { startId, endId };
}
