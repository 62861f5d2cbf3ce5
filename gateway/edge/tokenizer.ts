/** The one place that knows @huggingface/tokenizers. */
import { Tokenizer } from "@huggingface/tokenizers";

export interface TextTokenizer {
  /**
   * Token ids with the special tokens, exactly as the reference tokenizer gives them. Of a text that surely has more than
   * `enoughTokens`, only its beginning is looked at, and more than `enoughTokens` ids come back: a megabyte would block the thread for a second.
   */
  encode(text: string, enoughTokens?: number): number[];
}

/** Even at three tokens a character the beginning is done in a few milliseconds. */
const BEGINNING_CHARS = 8192;
/** Cutting may split the last word, which then has at most this many tokens more than the whole word. */
const CUT_MAX_TOKENS = 128;

/** Takes the package's two files as text. Construction costs about 70 ms. @throws when they are not a tokenizer. */
export function createTokenizer(tokenizerJson: string, configJson: string): TextTokenizer {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson), JSON.parse(configJson));
  return {
    encode(text, enoughTokens = Number.POSITIVE_INFINITY) {
      if (text.length > BEGINNING_CHARS) {
        const { ids } = tokenizer.encode(text.slice(0, BEGINNING_CHARS));
        if (ids.length > enoughTokens + CUT_MAX_TOKENS) return ids;
      }
      return tokenizer.encode(text).ids;
    },
  };
}
