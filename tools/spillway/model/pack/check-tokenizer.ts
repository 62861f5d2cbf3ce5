/** Compares the tokenizer that will serve with Hugging Face's own, on texts that tokenizers disagree on. */

import type { TextOrPair } from "../../../../formats/tokenizer/tokenizer.ts";
import {
  compareTokenizers,
  type Difference,
  ourTokenizer,
  type TokenizerFiles,
} from "../../../tokenizer-check/compare.ts";
import { differingComponent } from "../../../tokenizer-check/find-component.ts";
import { addedTokenTexts, ownTokens } from "../../../tokenizer-check/own-tokens.ts";
import { probingPairs, probingTexts } from "../../../tokenizer-check/probing-texts.ts";

const TEXTS = 2000;
/** Most texts around added tokens. Tokenizers have 5 to a few hundred. */
const ADDED_TOKEN_TEXTS = 4000;
/** The texts of a pair are tokenized as single ones are. Pairs show the frame and the token types. */
const PAIRS = 200;
const SHOWN_IDS = 24;

/**
 * Compares ids and token types; pairs too, if the tokenizer has a form for them.
 * @param tokenizer the text of tokenizer.json
 * @param config the text of tokenizer_config.json
 * @throws TokenizerError naming the component that is not served; Error with the text, both results and the component, if they differ
 */
export async function checkTokenizer(tokenizer: string, config: string): Promise<void> {
  const files = { json: tokenizer, config };
  const inputs = probingInputs(files);
  const differences = await compareTokenizers(files, inputs);
  // The shortest shows best what differs.
  const [first] = differences.toSorted((one, other) => lengthOf(one.input) - lengthOf(other.input));
  if (first === undefined) return;
  throw new Error(
    `${differences.length} of ${inputs.length} probing texts have other tokens than in Hugging Face's tokenizers. ${describe(first)}. The difference is in ${await componentOf(first, files)}`,
  );
}

/**
 * The inputs that a tokenizer is compared on: at least TEXTS, with tokens of its vocabulary; each of its added tokens at the places where it may
 * go wrong; and pairs, if it has a form for them.
 * @throws TokenizerError if it is not served
 */
export function probingInputs(files: TokenizerFiles): TextOrPair[] {
  const { added, vocabulary } = ownTokens(files);
  const words = [...vocabulary, ...added];
  const texts = [...probingTexts(TEXTS, { words }), ...addedTokenTexts(added, ADDED_TOKEN_TEXTS)];
  return ourTokenizer(files).acceptsPairs ? [...texts, ...probingPairs(PAIRS, { words })] : texts;
}

/** A pair's texts are tokenized as single ones are, and those were compared before. */
async function componentOf({ input }: Difference, files: TokenizerFiles): Promise<string> {
  return typeof input === "string" ? await differingComponent(files, input) : "post_processor";
}

function lengthOf(input: TextOrPair): number {
  return typeof input === "string" ? input.length : input.text.length + input.textPair.length;
}

function describe({ input, ours, reference }: Difference): string {
  const shown = (ids: readonly number[]) => ids.slice(0, SHOWN_IDS).join(" ") + (ids.length > SHOWN_IDS ? " …" : "");
  const isSameIds = JSON.stringify(ours.ids) === JSON.stringify(reference.ids);
  return isSameIds
    ? `${JSON.stringify(input)}: token types ${shown(ours.typeIds)}; expected ${shown(reference.typeIds)}`
    : `${JSON.stringify(input)}: ${shown(ours.ids)}; expected ${shown(reference.ids)}`;
}
