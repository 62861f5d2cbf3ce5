/** Keeps wrangler and its local runtime off the network: no metrics, no update check, no lookup of this machine's location. */
export const offlineWrangler = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
