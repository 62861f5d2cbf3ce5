/**
 * Pure. The time that a text may take at an origin follows from its size: windows as long as the package allows, one after another, each as
 * long as the package's time model states for INT8 at the edge. FP32 takes as long in the function (measured: 116 and 105 ms for 512 tokens).
 */
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";

/** The longest piece of a text that an origin runs at once. */
export interface FullWindow {
  tokens: number;
  /** How long the edge would take for it, in ms. */
  runMs: number;
}

/** The longest text that is asked for takes this part of the timeout, by calculation: the rest is for a cold start. */
const TIMEOUT_SHARE = 0.5;
/** A cold start, a busy machine or a smaller instance takes as many times as long before the origin is to blame. */
const RESERVE = 4;
/** Texts of fewer characters than this are answered in time by any origin that works. */
const MIN_EXCUSED_CHARACTERS = 15 * 512 + 1;

/** @param window null while it is unknown */
function windowsWithin(ms: number, window: FullWindow | null): number {
  if (window === null || window.runMs <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(ms / window.runMs));
}

/**
 * The most tokens that an origin is asked for: longer texts are refused at once with 413, not after the timeout.
 * @param window null while it is unknown
 * @param maxTokens the policy's `limits.originTokens`
 */
export function tokensWithin(timeoutMs: number, window: FullWindow | null, maxTokens: number): number {
  if (window === null) return maxTokens;
  return Math.min(maxTokens, windowsWithin(timeoutMs * TIMEOUT_SHARE, window) * window.tokens);
}

/** UTF-16 code units. A pair is never cut into windows: one that is longer than the model's window is refused. */
export function charactersToCut(text: TextOrPair): number {
  return typeof text === "string" ? text.length : 0;
}

/**
 * The fewest characters of a text that may take longer than `ms` because of its size. Then that it does shows nothing about the origin.
 * @param window null while it is unknown: then every long text may
 * @returns UTF-16 code units. Few texts have more tokens than these.
 */
export function charactersThatMayTakeLonger(ms: number, window: FullWindow | null): number {
  if (window === null || window.runMs <= 0) return MIN_EXCUSED_CHARACTERS;
  const windowsInTime = Math.floor(windowsWithin(ms, window) / RESERVE);
  return Math.max(MIN_EXCUSED_CHARACTERS, windowsInTime * window.tokens + 1);
}
