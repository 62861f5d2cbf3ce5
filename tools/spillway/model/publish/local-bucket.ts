/** The R2 bucket that wrangler keeps on this machine. */
import { offlineWrangler } from "../../../process/run-wrangler.ts";
import type { Bucket } from "./publish.ts";

interface LocalEnv {
  MODELS: {
    put(key: string, value: Uint8Array, options: { sha256: ArrayBuffer }): Promise<unknown>;
  };
}

/** `persistFolder` as wrangler's `--persist-to` takes it. The bucket is good until `work` has ended. */
export async function withLocalBucket<T>(persistFolder: string, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  Object.assign(process.env, offlineWrangler);
  // Loading wrangler takes a second or two: only those who need it pay for it.
  const { getPlatformProxy } = await import("wrangler");
  // The API wants the version folder that the command line adds by itself.
  const proxy = await getPlatformProxy<LocalEnv>({ persist: { path: `${persistFolder}/v3` } });
  const { MODELS } = proxy.env;
  try {
    return await work({
      put: async (key, bytes) => {
        await MODELS.put(key, bytes, { sha256: await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)) });
      },
    });
  } finally {
    await proxy.dispose();
  }
}
