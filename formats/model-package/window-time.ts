/**
 * Pure. The time that a text may take at an origin follows from its size: windows as long as the package allows, one after another, each as
 * long as the package states. Both the gateway and the origin compute it, as either may be the only one that knows the package.
 */
import { type Manifest, windowTokensOf } from "./manifest.ts";

/** The longest piece of a text that an origin runs at once. */
export interface FullWindow {
  tokens: number;
  /** In ms. */
  runMs: number;
}

/**
 * Packages of before state no time of the origin's model: the edge's takes as long in an isolate as FP32 in the function (measured: 116 and
 * 105 ms for 512 tokens).
 * @returns null if the package states neither
 */
export function fullWindowOf({ origin, edge }: Pick<Manifest, "origin" | "edge">): FullWindow | null {
  const tokens = windowTokensOf({ origin });
  if (origin.windowMs !== undefined) return { tokens, runMs: origin.windowMs };
  if (edge === null) return null;
  const { base, perToken, perTokenSquared } = edge.timeMs;
  return { tokens, runMs: base + perToken * tokens + perTokenSquared * tokens ** 2 };
}

/** @param window null while it is unknown */
export function windowsWithin(ms: number, window: FullWindow | null): number {
  if (window === null || window.runMs <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(ms / window.runMs));
}

/** The longest text that is run takes this part of the timeout, by calculation: the rest is for a cold start. */
const TIMEOUT_SHARE = 0.5;

/**
 * The most tokens that an origin runs: longer texts are refused at once with 413, not after the timeout.
 * @param window null while it is unknown
 * @param maxTokens the limit that is in force whatever the time
 */
export function tokensWithin(timeoutMs: number, window: FullWindow | null, maxTokens: number): number {
  if (window === null) return maxTokens;
  return Math.min(maxTokens, windowsWithin(timeoutMs * TIMEOUT_SHARE, window) * window.tokens);
}
