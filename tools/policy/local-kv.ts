/** The KV that wrangler keeps on this machine; a running `wrangler dev` sees each write. */
import { offlineWrangler } from "../start/offline-wrangler.ts";
import type { PolicyKv } from "./kv.ts";

interface LocalEnv {
  POLICIES?: {
    get(key: string): Promise<string | null>;
    put(key: string, text: string): Promise<void>;
  };
}

/**
 * `persistFolder` as wrangler's `--persist-to` takes it. The namespace is good until `work` has ended.
 * @throws Error with one sentence when wrangler.toml has no such namespace
 */
export async function withLocalKv<T>(
  persistFolder: string,
  environment: string | undefined,
  work: (kv: PolicyKv) => Promise<T>,
): Promise<T> {
  Object.assign(process.env, offlineWrangler);
  // Only here: it takes a second to load, which `--help` and `--remote` need not wait for.
  const { getPlatformProxy } = await import("wrangler");
  const proxy = await getPlatformProxy<LocalEnv>({
    ...(environment === undefined ? {} : { environment }),
    // The API wants the version folder that the command line adds by itself.
    persist: { path: `${persistFolder}/v3` },
    remoteBindings: false,
  });
  try {
    const { POLICIES } = proxy.env;
    if (POLICIES === undefined) {
      throw new Error(
        "wrangler.toml here binds no KV namespace as POLICIES; run spillway in the folder of the checkout.",
      );
    }
    return await work({
      get: (key) => POLICIES.get(key),
      put: (key, text) => POLICIES.put(key, text),
      settleSeconds: 0,
    });
  } finally {
    await proxy.dispose();
  }
}
