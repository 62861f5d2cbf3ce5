/** Pure. Whether a text's size may be why an origin took long: then that it did shows nothing about the origin. */
import { utf8Length } from "../../formats/encodings.ts";
import { type FullWindow, windowsWithin } from "../../formats/model-package/window-time.ts";
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";

/** A cold start, a busy machine or a smaller instance takes as many times as long before the origin is to blame. */
const RESERVE = 4;
/** Shorter texts are answered in time by any origin that works, unless their windows take longer. */
const MIN_EXCUSED_BYTES = 15 * 512 + 1;

/** In UTF-8: no tokenizer makes more tokens of a text. A pair is never cut: one that is longer than the model's window is refused. */
export function bytesToCut(text: TextOrPair): number {
  return typeof text === "string" ? utf8Length(text) : 0;
}

/**
 * The fewest bytes of a text that may take longer than `ms` because of its size. One window is never excused.
 * @param window null while it is unknown: then every long text may
 */
export function bytesThatMayTakeLonger(ms: number, window: FullWindow | null): number {
  if (window === null || window.runMs <= 0) return MIN_EXCUSED_BYTES;
  const inTime = windowsWithin(ms, window);
  const surely = Math.floor(inTime / RESERVE) * window.tokens + 1;
  return Math.max(surely, Math.min(inTime * window.tokens + 1, MIN_EXCUSED_BYTES));
}

/**
 * Whether the size of an answered text may be why it took longer than `ms`.
 * @param windows that the origin ran
 * @param window null while it is unknown: then every text of several windows may
 */
export function mayTakeLonger(ms: number, windows: number, window: FullWindow | null): boolean {
  if (windows <= 1) return false;
  return window === null || window.runMs <= 0 || windows * window.runMs * RESERVE > ms;
}
