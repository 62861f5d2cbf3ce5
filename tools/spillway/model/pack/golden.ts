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
 * Runs the longest text too: a package that fails there would fail every caller with a long text.
 * @param run token ids of one text → its logits
 * @param name of the model that runs, for the message
 * @throws PackError if the logits are not one finite number per label, in each of these texts
 */
export function goldenOf(
  run: (tokenIds: readonly number[]) => Float32Array,
  name: string,
  { labelCount, vocabularySize, maxTokens, advice }: GoldenRequest,
): EdgeEntry["golden"] {
  const logitsOf = (tokenIds: readonly number[]) => {
    const logits = Array.from(run(tokenIds));
    const first = `${logits.slice(0, 3).join(", ")} …`;
    if (logits.length !== labelCount) {
      throw new PackError(
        `${name} returns ${logits.length} logits (${first}), its FP32 model ${labelCount}; ${advice}.`,
      );
    }
    if (!logits.every(Number.isFinite)) {
      throw new PackError(
        `${name} cannot run a text of ${tokenIds.length} tokens at the edge: its logits are not finite (${first}); ${advice}.`,
      );
    }
    return logits;
  };
  const golden = GOLDEN_TOKENS.filter((tokens) => tokens <= maxTokens).map((tokens) => {
    const tokenIds = sampleIds(tokens, vocabularySize);
    return { tokenIds, logits: logitsOf(tokenIds) };
  });
  logitsOf(sampleIds(maxTokens, vocabularySize));
  return golden;
}
