/** How long a revoked key goes on working: the waits that lie between a write to KV and a request. */

/** An isolate keeps what it read so long. */
export const FRESH_MS = 20_000;
/** KV's smallest cacheTtl. */
export const KV_CACHE_SECONDS = 30;
/** While KV cannot be read, what was read so long ago still serves. */
export const STALE_MAX_MS = 60_000;

/** Rounded up to 10 s, for KV's own way and the request itself. */
export const REVOKED_WITHIN_SECONDS = Math.ceil((KV_CACHE_SECONDS + FRESH_MS / 1000 + 1) / 10) * 10;
