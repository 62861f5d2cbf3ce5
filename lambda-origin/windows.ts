/** Pure. Cuts a long text's tokens into windows. */
import type { TextTokenizer } from "../formats/model-package/tokenizer.ts";
import { WINDOW_TOKENS } from "../formats/origin-wire.ts";

/** The two ids that frame every window, `[CLS]` and `[SEP]` in BERT. */
export interface Frame {
  startId: number;
  endId: number;
}

/** Tokens of the text that fit in one window beside its frame. */
const CONTENT_TOKENS_PER_WINDOW = WINDOW_TOKENS - 2;

/** The ids with which the tokenizer frames an empty text. @throws Error if they are not two */
export function frameOf(tokenizer: TextTokenizer): Frame {
  const ids = tokenizer.encode("");
  const [startId, endId] = ids;
  if (ids.length !== 2 || startId === undefined || endId === undefined) {
    throw new Error(`the tokenizer frames an empty text with ${ids.length} tokens; expected a first and a last one`);
  }
  return { startId, endId };
}

/**
 * Consecutive windows without overlap, as few as possible and of equal size, give or take one token: a last window of three
 * tokens would be classified without context. A text of one window has the ids that the edge would run.
 */
export function windowsOf(contentIds: readonly number[], frame: Frame): number[][] {
  const count = Math.max(1, Math.ceil(contentIds.length / CONTENT_TOKENS_PER_WINDOW));
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * contentIds.length) / count);
    const to = Math.floor(((index + 1) * contentIds.length) / count);
    return [frame.startId, ...contentIds.slice(from, to), frame.endId];
  });
}

/** Tokens of the text in a window: its weight in the mean over all windows. */
export function contentTokens(window: readonly number[]): number {
  return window.length - 2;
}
