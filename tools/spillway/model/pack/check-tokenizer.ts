/** Compares the tokenizer that will serve with Hugging Face's own, on texts that tokenizers disagree on. */
import { compareTokenizers } from "../../../tokenizer-check/compare.ts";
import { probingTexts } from "../../../tokenizer-check/probing-texts.ts";

const TEXTS = 2000;
const SHOWN_IDS = 24;

/**
 * @param tokenizer the text of tokenizer.json
 * @param config the text of tokenizer_config.json
 * @throws TokenizerError naming the component that is not served; Error with the text and both results, if they differ
 */
export async function checkTokenizer(tokenizer: string, config: string): Promise<void> {
  const differences = await compareTokenizers({ json: tokenizer, config }, probingTexts(TEXTS));
  const [first] = differences;
  if (first === undefined) return;
  const shown = (ids: readonly number[]) => ids.slice(0, SHOWN_IDS).join(" ") + (ids.length > SHOWN_IDS ? " …" : "");
  throw new Error(
    `${differences.length} of ${TEXTS} probing texts have other tokens than in Hugging Face's tokenizers. ${JSON.stringify(first.input)}: ${shown(first.ours)}; expected ${shown(first.reference)}`,
  );
}
