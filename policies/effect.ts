/** How long an edit takes to be in force: the waits that lie between a write to KV and a request. */

/** An isolate keeps what it read so long. With KV's own cache this keeps an edit's way to effect under 35 s. */
export const FRESH_MS = 4000;
/** KV's smallest cacheTtl. */
export const KV_CACHE_SECONDS = 30;
/** KV may show a write elsewhere only after so long. https://developers.cloudflare.com/kv/concepts/how-kv-works/ */
export const KV_ELSEWHERE_SECONDS = 60;

/** Where the write was made, rounded up to 5 s for the request itself. */
export const IN_FORCE_HERE_SECONDS = roundedUp(KV_CACHE_SECONDS + FRESH_MS / 1000);
/** In every location. */
export const IN_FORCE_EVERYWHERE_SECONDS = roundedUp(KV_ELSEWHERE_SECONDS + KV_CACHE_SECONDS + FRESH_MS / 1000);

function roundedUp(seconds: number): number {
  return Math.ceil(seconds / 5) * 5;
}
