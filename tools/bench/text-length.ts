/** Lengths of texts in simulated traffic: mostly short, and some too long for any edge. Pure. */
import { logNormal, type Random } from "../simulation/distributions.ts";

export const TOKENS = { median: 60, sigma: 0.6 } as const;
export const LONG_PERCENT = 5;
export const LONG_TOKENS = { min: 600, max: 1200 } as const;
const MIN_TOKENS = 8;
const MAX_TOKENS = 400;

/** @returns tokens of one text, special tokens included */
export function lengthOf(random: Random): number {
  if (random() * 100 < LONG_PERCENT)
    return LONG_TOKENS.min + Math.floor(random() * (LONG_TOKENS.max - LONG_TOKENS.min));
  return Math.min(MAX_TOKENS, Math.max(MIN_TOKENS, Math.round(logNormal(TOKENS, random))));
}
