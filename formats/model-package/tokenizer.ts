/** The package's tokenizer: the only file that imports @huggingface/tokenizers. */
import { Tokenizer } from "@huggingface/tokenizers";

export interface TextTokenizer {
  /**
   * Token ids with the special tokens, the same as the reference tokenizer's. If the text clearly has more than `enoughTokens`,
   * only its beginning is tokenized, and more than `enoughTokens` ids come back: a text of 1 MB would block the thread for a
   * second.
   */
  encode(text: string, enoughTokens?: number): number[];
  /** Token ids without the special tokens. */
  encodeContent(text: string): number[];
}

/** Tokenizing this many characters takes a few milliseconds, even at three tokens per character. */
const BEGINNING_CHARS = 8192;
/** Cutting may split the last word, which then has at most this many tokens more than the whole word. */
const MAX_CUT_TOKENS = 128;

/**
 * Takes about 70 ms.
 * @param tokenizerJson the text of `tokenizer.json`
 * @param configJson the text of `tokenizer_config.json`
 * @throws Error if they are not JSON, or not a tokenizer
 */
export function createTokenizer(tokenizerJson: string, configJson: string): TextTokenizer {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson), JSON.parse(configJson));
  return {
    encode(text, enoughTokens = Number.POSITIVE_INFINITY) {
      if (text.length > BEGINNING_CHARS) {
        const { ids } = tokenizer.encode(text.slice(0, BEGINNING_CHARS));
        if (ids.length > enoughTokens + MAX_CUT_TOKENS) return ids;
      }
      return tokenizer.encode(text).ids;
    },
    encodeContent: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
  };
}
