/** Runs a text and a pair with the token types of their template: a row that the model's table does not have would fail every one of them. */
import type { Infer } from "../../../../lambda-origin/infer.ts";
import { encodeAll, ourTokenizer } from "../../../tokenizer-check/compare.ts";
import { PackError } from "./pack-error.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

const TEXT = "a";

/**
 * @param name of the FP32 file, for the message
 * @returns false if the tokenizer has a form for pairs, and the model cannot run their token types
 * @throws PackError if it cannot run those of a single text
 */
export async function checkTokenTypes({ tokenizer, config }: TokenizerFiles, infer: Infer, name: string) {
  const own = ourTokenizer({ json: tokenizer, config });
  const run = async (input: Parameters<typeof encodeAll>[1]) => {
    const [ids, typeIds] = encodeAll(own, input);
    const problem = await infer([ids], [typeIds]).then(
      () => null,
      (error: unknown) => error,
    );
    return { problem, largestType: Math.max(...typeIds) };
  };
  const single = await run(TEXT);
  if (single.problem !== null) {
    throw new PackError(
      `${name} cannot run a text with token type ${single.largestType}, which tokenizer.json's post_processor gives it; use the tokenizer that the model was trained with.`,
      single.problem,
    );
  }
  if (!own.acceptsPairs) return true;
  return (await run({ text: TEXT, textPair: TEXT })).problem === null;
}
