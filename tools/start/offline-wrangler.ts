/**
 * Keeps wrangler and its local runtime off the network (no metrics, no update check, no lookup of this machine's location), and from
 * keeping traces of its own, which have callers' whole URLs in them and stay on disk.
 */
export const offlineWrangler = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  X_LOCAL_OBSERVABILITY: "false",
};
