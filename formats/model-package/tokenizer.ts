/** The tokenizer for tools and tests: whole texts at once. What serves tokenizes in steps, with a limit. */
import { loadTokenizer, runSteps } from "../tokenizer/load-tokenizer.ts";
import type { Encoding, Frame, TextOrPair, TextTokenizer, Tokens } from "../tokenizer/tokenizer.ts";

export interface WholeTextTokenizer extends Pick<TextTokenizer, "acceptsPairs" | "framedTypeIds"> {
  /** Token ids with the special tokens. @throws Error for a pair, if the tokenizer has no form for two texts */
  encode(text: TextOrPair): number[];
  /** The same with their token types. */
  encodeTyped(text: TextOrPair): Tokens;
  /** Token ids without the special tokens. */
  encodeContent(text: string): number[];
  /** The special tokens around a text. */
  readonly frame: Readonly<Frame>;
}

/**
 * @param tokenizerJson the text of `tokenizer.json`
 * @param configJson the text of `tokenizer_config.json`
 * @throws TokenizerError naming the component, if the tokenizer is not served exactly
 */
export function createTokenizer(tokenizerJson: string, configJson: string): WholeTextTokenizer {
  const tokenizer = runSteps(loadTokenizer(tokenizerJson, configJson));
  return {
    encode: (text) => tokensOf(tokenizer.encode(text, Number.POSITIVE_INFINITY)).ids,
    encodeTyped: (text) => tokensOf(tokenizer.encode(text, Number.POSITIVE_INFINITY)),
    encodeContent: (text) => tokensOf(tokenizer.encodeContent(text, Number.POSITIVE_INFINITY)).ids,
    frame: tokenizer.frame,
    framedTypeIds: tokenizer.framedTypeIds,
    acceptsPairs: tokenizer.acceptsPairs,
  };
}

/** Without a limit, every text ends in tokens. */
function tokensOf(encoding: Encoding): Tokens {
  for (;;) {
    const result = encoding.next();
    if (result?.kind === "tokens") return result;
  }
}
