/** Cutting a long text's tokens into windows. No I/O, no clock. */
import { WINDOW_TOKENS } from "../formats/origin-wire.ts";

/** The two ids that frame every window, `[CLS]` and `[SEP]` in BERT's words. */
export type Frame = { startId: number; endId: number };

/** Tokens of the text that fit in one window beside its frame. */
const CONTENT_TOKENS_PER_WINDOW = WINDOW_TOKENS - 2;

/**
 * Consecutive windows without overlap, as few as possible and of equal size (give or take one token): a last window of
 * three tokens would be judged without context. One window is exactly what the edge would run for the same text.
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
