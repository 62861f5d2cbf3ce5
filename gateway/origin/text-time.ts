/**
 * Pure. The time that a text may take at an origin follows from its size: windows of at most 512 tokens, one after another, each as long as
 * the package's time model states for the edge, in workerd on one thread. Native ONNX Runtime takes about half of that per window.
 */
import { WINDOW_TOKENS } from "../../formats/origin-wire.ts";

/** A cold start, a busy machine or a smaller instance takes as many times as long before the origin is to blame. */
const RESERVE = 4;
/** Texts of fewer windows than this, by their characters, are answered in time by any origin that works: about 8 kB. */
const MIN_EXCUSED_WINDOWS = 16;

/** @param windowMs of one full window; null while it is unknown */
function windowsWithin(ms: number, windowMs: number | null): number {
  if (windowMs === null || windowMs <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(ms / windowMs));
}

/**
 * The most tokens that an origin is asked for: longer texts are refused at once with 413, not after the timeout.
 * @param maxTokens the policy's `limits.originTokens`
 */
export function tokensWithin(timeoutMs: number, windowMs: number | null, maxTokens: number): number {
  return Math.min(maxTokens, windowsWithin(timeoutMs, windowMs) * WINDOW_TOKENS);
}

/**
 * Whether a text may take longer than `ms` because of its size. Then that it does shows nothing about the origin.
 * @param characters UTF-16 code units of the text. Few texts have more tokens than these.
 */
export function mayTakeLonger(characters: number, ms: number, windowMs: number | null): boolean {
  const windows = Math.ceil(characters / WINDOW_TOKENS);
  return windows >= MIN_EXCUSED_WINDOWS && windows * RESERVE > windowsWithin(ms, windowMs);
}
