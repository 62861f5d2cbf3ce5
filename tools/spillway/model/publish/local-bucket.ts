/** The R2 bucket that wrangler keeps on this machine. */
import { sha256 } from "../../../../formats/sha256.ts";
import { withLocalBindings } from "../../../process/run-wrangler.ts";
import type { Bucket } from "./publish.ts";

interface Bindings {
  MODELS: {
    put(key: string, value: Uint8Array, options: { sha256: ArrayBuffer }): Promise<unknown>;
  };
}

/**
 * Opens the bucket for `work`.
 * @param persistFolder as wrangler's `--persist-to` has it
 */
export function withLocalBucket<T>(persistFolder: string, work: (bucket: Bucket) => Promise<T>): Promise<T> {
  return withLocalBindings<Bindings, T>(persistFolder, undefined, ({ MODELS }) =>
    work({
      put: async (key, bytes) => {
        await MODELS.put(key, bytes, { sha256: sha256(bytes).buffer });
      },
    }),
  );
}
