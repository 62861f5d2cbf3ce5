/** The one place that knows @huggingface/tokenizers. */
import { Tokenizer } from "@huggingface/tokenizers";

export interface TextTokenizer {
  /** Token ids with the special tokens, exactly as the reference tokenizer gives them. */
  encode(text: string): number[];
}

/** Takes the package's two files as text. Construction costs about 70 ms. @throws when they are not a tokenizer. */
export function createTokenizer(tokenizerJson: string, configJson: string): TextTokenizer {
  const tokenizer = new Tokenizer(JSON.parse(tokenizerJson), JSON.parse(configJson));
  return { encode: (text) => tokenizer.encode(text).ids };
}
