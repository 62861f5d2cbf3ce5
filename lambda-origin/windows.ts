/** Pure. Cuts a long text's tokens into windows. */
import { WINDOW_TOKENS } from "../formats/origin-wire.ts";
import type { Frame } from "../formats/tokenizer/tokenizer.ts";

/**
 * Consecutive windows without overlap, as few as possible and of equal size, give or take one token: a last window of three
 * tokens would be classified without context. A text of one window has the ids that the edge would run.
 */
export function windowsOf(contentIds: readonly number[], frame: Readonly<Frame>): number[][] {
  const perWindow = WINDOW_TOKENS - frame.before.length - frame.after.length;
  const count = Math.max(1, Math.ceil(contentIds.length / perWindow));
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * contentIds.length) / count);
    const to = Math.floor(((index + 1) * contentIds.length) / count);
    return [...frame.before, ...contentIds.slice(from, to), ...frame.after];
  });
}

/** Tokens of the text in a window: its weight in the mean over all windows. */
export function contentTokens(window: readonly number[], { before, after }: Readonly<Frame>): number {
  return window.length - before.length - after.length;
}
