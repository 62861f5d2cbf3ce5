/** Pure. Cuts a long text's tokens into windows. */
import { MAX_ANSWER_LOGITS } from "../formats/origin-wire.ts";
import type { Frame } from "../formats/tokenizer/tokenizer.ts";

/**
 * Consecutive windows without overlap, as few as possible and of equal size, give or take one token: a last window of three
 * tokens would be classified without context. A text of one window has the ids that the edge would run.
 * @param windowTokens most tokens of a window, special tokens included, as the package states it
 */
export function windowsOf(contentIds: readonly number[], frame: Readonly<Frame>, windowTokens: number): number[][] {
  const perWindow = contentOf(windowTokens, frame);
  const count = Math.max(1, Math.ceil(contentIds.length / perWindow));
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * contentIds.length) / count);
    const to = Math.floor(((index + 1) * contentIds.length) / count);
    return [...frame.before, ...contentIds.slice(from, to), ...frame.after];
  });
}

/** Most tokens of a text, without special tokens, whose windows' logits fit in one answer. */
export function mostTokens(labels: number, frame: Readonly<Frame>, windowTokens: number): number {
  return Math.floor(MAX_ANSWER_LOGITS / labels) * contentOf(windowTokens, frame);
}

/** At least one, so that every text has a number of windows. */
function contentOf(windowTokens: number, { before, after }: Readonly<Frame>): number {
  return Math.max(1, windowTokens - before.length - after.length);
}

/** Tokens of the text in a window: its weight in the mean over all windows. */
export function contentTokens(window: readonly number[], { before, after }: Readonly<Frame>): number {
  return window.length - before.length - after.length;
}
