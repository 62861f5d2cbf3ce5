/** Cloudflare's rate-limiting binding, as it is used here: so many calls per key and minute, counted in each location for itself. */
import type { Clock } from "../world.ts";

export interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** Of every limit in wrangler.toml. How much of it is left is not told, so callers are asked to wait for all of it. */
export const PERIOD_MS = 60_000;
/** It counts in memory close by; longer than this it never takes when it is well. */
const WAIT_MS = 1000;

/** Null where the limiter gave no answer: what is not known is nobody's fault, and refuses nobody. */
export async function isWithin(limiter: Limiter, key: string, clock: Clock): Promise<boolean | null> {
  const silent = clock.wait(WAIT_MS).then(() => null);
  try {
    return (await Promise.race([limiter.limit({ key }), silent]))?.success ?? null;
  } catch {
    return null;
  }
}
