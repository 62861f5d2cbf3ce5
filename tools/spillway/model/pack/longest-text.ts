/** The longest text that a graph can run. Its position table may be shorter than config.json states. */
import { InferenceSession } from "onnxruntime-node";
import { isGraphInput, LOGITS_OUTPUT } from "../../../../formats/model-package/graph-inputs.ts";
import { MIN_WINDOW_TOKENS } from "../../../../formats/model-package/manifest.ts";
import { feedsOf } from "../../../../lambda-origin/infer.ts";
import { readModel } from "../graph/model-file.ts";
import { CHECKING } from "../graph/session-options.ts";
import { textInputsOf } from "../graph/text-inputs.ts";
import { PackError } from "./pack-error.ts";

/** Attention needs memory for each pair of tokens: at this length, 0.2 GB for each tensor of a layer of 12 heads. */
export const MAX_WINDOW_TOKENS = 2048;
/** Of a graph without a position table, whose config.json states no length either. */
const ASSUMED_TOKENS = 512;
/** Longer tables are not of positions. */
const MAX_POSITION_ROWS = 16_384;

export interface LongestText {
  tokens: number;
  /** One sentence if the number is not the one of config.json, otherwise null. */
  note: string | null;
}

/**
 * Runs texts up to the stated length. Their ids are not the padding's, which RoBERTa does not count.
 * @param path a graph with the one output `logits`
 * @param name of the user's file, for messages
 * @param stated positions by config.json; null if it does not state them
 * @throws PackError if not even a text of MIN_WINDOW_TOKENS runs
 */
export async function findLongestText(
  path: string,
  { name, vocabularySize, stated }: { name: string; vocabularySize: number; stated: number | null },
): Promise<LongestText> {
  const session = await InferenceSession.create(path, CHECKING);
  // Two ids: one of them may be the padding's.
  const ids = [vocabularySize - 1, vocabularySize - 2];
  const inputs = session.inputNames.filter(isGraphInput);
  const runs = async (tokens: number) => {
    for (const id of ids) {
      const feeds = feedsOf(inputs, Array<number>(tokens).fill(id));
      const isDone = await session.run(feeds, [LOGITS_OUTPUT]).then(
        () => true,
        () => false,
      );
      if (!isDone) return false;
    }
    return true;
  };
  try {
    const wanted = Math.min(stated ?? MAX_WINDOW_TOKENS, MAX_WINDOW_TOKENS);
    if (wanted < MIN_WINDOW_TOKENS || !(await runs(MIN_WINDOW_TOKENS))) throw tooShort(name, stated);
    if (await runs(wanted)) {
      if (stated !== null) return { tokens: wanted, note: null };
      const tokens = (await hasLongTable(path, wanted)) ? wanted : ASSUMED_TOKENS;
      return {
        tokens,
        note: `config.json has no max_position_embeddings: texts of up to ${tokens} tokens are assumed`,
      };
    }
    const tokens = await largest(MIN_WINDOW_TOKENS, wanted, runs);
    const stating = stated === null ? "has no max_position_embeddings" : `states ${stated} positions`;
    return { tokens, note: `config.json ${stating}, and ${name} can run ${tokens} tokens: packed for ${tokens}` };
  } finally {
    await session.release();
  }
}

/** @param fits holds for `from` and not for `to`. @returns the largest number that it holds for */
async function largest(from: number, to: number, fits: (tokens: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

async function hasLongTable(path: string, tokens: number): Promise<boolean> {
  try {
    const { tableRows } = textInputsOf((await readModel(path)).graph);
    return tableRows.some((rows) => rows >= tokens && rows <= MAX_POSITION_ROWS);
  } catch {
    return false;
  }
}

function tooShort(name: string, stated: number | null): PackError {
  const stating =
    stated !== null && stated < MIN_WINDOW_TOKENS ? `config.json states ${stated} positions` : `${name} cannot run it`;
  return new PackError(
    `The model must be able to run texts of ${MIN_WINDOW_TOKENS} tokens, and ${stating}; use a model with a longer position table.`,
  );
}
