/** Logits of a few texts, which an isolate must compute before it is ready. */
import type { EdgeEntry } from "../../../../formats/model-package/manifest.ts";
import { sampleIds } from "./measure.ts";
import { PackError } from "./pack-error.ts";

export const GOLDEN_TOKENS: readonly number[] = [4, 16, 32];

export interface GoldenRequest {
  labelCount: number;
  vocabularySize: number;
  maxTokens: number;
  /** The next step if the logits are not usable. */
  advice: string;
}

/**
 * @param run token ids of one text → its logits
 * @param name of the model that runs, for the message
 * @throws PackError if the logits are not one number per label
 */
export function goldenOf(
  run: (tokenIds: readonly number[]) => Float32Array,
  name: string,
  { labelCount, vocabularySize, maxTokens, advice }: GoldenRequest,
): EdgeEntry["golden"] {
  return GOLDEN_TOKENS.filter((tokens) => tokens <= maxTokens).map((tokens) => {
    const tokenIds = sampleIds(tokens, vocabularySize);
    const logits = Array.from(run(tokenIds));
    if (logits.length !== labelCount || !logits.every(Number.isFinite)) {
      const first = logits.slice(0, 3).join(", ");
      throw new PackError(
        `${name} returns ${logits.length} logits (${first} …), its FP32 model ${labelCount}; ${advice}.`,
      );
    }
    return { tokenIds, logits };
  });
}
